// The page: starts everything, shows the plant at a glance, keeps the connection alive.

import { get, onKeyNeeded } from '/js/api.js';
import { Stream } from '/js/stream.js';
import { bytes, count, duration, plural, rate, time } from '/js/format.js';
import * as sensors from '/js/sensors.js';
import * as incidents from '/js/incidents.js';

const STATUS_MS = 2000;
const REFRESH_MS = 2000;
const BANDS_MS = 15000;
const FAST = 3; // plant seconds a second, from which charts are refreshed
const $ = (id) => document.getElementById(id);
let plant = null;     // the latest /status
let plantAt = 0;      // when it came
let started = false;

// The plant's clock runs on between two answers, at its own pace (a simulation may run faster).
let pace = 1;
function plantNow() {
  return plant ? Date.parse(plant.now) + (Date.now() - plantAt) * pace : Date.now();
}

function setFigure(id, text, unit, under, bad) {
  const b = $(id);
  b.replaceChildren(text);
  if (unit) b.append(Object.assign(document.createElement('u'), { textContent: unit }));
  b.classList.toggle('bad', Boolean(bad));
  b.parentElement.lastElementChild.textContent = under;
}

function stage(name) {
  return plant.stages.find((s) => s.name === name) || { per_second: 0, note: '' };
}

function showFigures() {
  const { store, detect } = plant;
  setFigure('f-rate', rate(stage('intake').per_second), '/s', count(plant.readings.accepted) + ' since start');
  setFigure('f-sensors', count(plant.sensors), '', 'on ' + plural(plant.assets, 'asset'));
  setFigure('f-incidents', count(detect.active_incidents), 'active', count(detect.incidents) + ' since start',
    detect.active_incidents > 0);
  setFigure('f-anomalies', count(plant.anomaly_count_24h), '', count(detect.open_anomalies) + ' going on');
  setFigure('f-stored', count(store.readings), '', `${bytes(store.bytes)}, commit ${store.commit_ms_mean.toFixed(1)} ms`);
}

function showHeadline() {
  // Why a summary has no model's words stands beside it.
  const note = plant.stages.filter((s) => s.name !== 'summary')
    .map((s) => s.note && `${s.name}: ${s.note}`).find(Boolean);
  const alarms = plant.detect.active_incidents;
  const line = $('headline');
  let lead, rest = '';
  if (note) lead = note;
  else if (!plant.last_reading_time) lead = 'Waiting for the first reading';
  else if (!plant.sensor_active)
    lead = `No readings for ${duration(plantNow() - Date.parse(plant.last_reading_time))}`;
  else if (alarms) lead = plural(alarms, 'incident') + ' active';
  else lead = 'All quiet';
  if ((note || !plant.sensor_active) && alarms) rest = ` · ${plural(alarms, 'incident')} active`;
  else if (plant.sensor_active && !note)
    rest = ` · watching ${plural(plant.sensors, 'sensor')} on ${plural(plant.assets, 'asset')}`;
  line.replaceChildren(Object.assign(document.createElement('b'), { textContent: lead }), rest);
  line.className = 'headline' + (note || alarms ? ' bad' : plant.sensor_active ? '' : ' warn');
  document.title = (alarms ? `(${alarms}) ` : '') + 'fettle';
}

function showTrouble(message) {
  $('trouble').hidden = !message;
  $('trouble').textContent = message || '';
}

async function loadStatus() {
  try {
    const before = plant, beforeAt = plantAt;
    plant = await get('/status');
    plantAt = Date.now();
    if (before && plantAt - beforeAt > 500) {
      const measured = (Date.parse(plant.now) - Date.parse(before.now)) / (plantAt - beforeAt);
      if (measured > 0) pace = measured;
    }
    incidents.setNow(plant.now);
    incidents.setSummaryNote(stage('summary').note);
    showFigures();
    showHeadline();
    showTrouble('');
    if (!started) await start();
    else await sensors.plantChanged(plant.sensors);
  } catch (error) {
    showTrouble(error instanceof TypeError
      ? 'fettle does not answer. What is shown may be old; trying again…' : error.message);
  }
}

function onEvent(type, data) {
  if (type === 'readings') sensors.takeReadings(data.readings);
  else if (type === 'anomaly') {
    sensors.takeAnomaly(data.anomaly);
    incidents.takeAnomaly(data.anomaly);
  } else if (type === 'incident') incidents.takeIncident(data.incident);
  else if (type === 'diagnosis') incidents.takeDiagnosis(data.diagnosis);
  else if (type === 'summary') incidents.takeSummary(data.summary);
}

let wasDown = false;
const stream = new Stream(onEvent, (state) => {
  const link = $('link');
  link.dataset.state = state;
  link.lastElementChild.textContent = { live: 'live', connecting: 'connecting', down: 'no connection' }[state];
  if (state === 'live' && wasDown) reload();
  wasDown = state === 'down';
});

// After a gap: what was missed comes from the history.
function reload() {
  sensors.loadPage().catch(() => {});
  incidents.loadLists().catch(() => {});
}

async function start() {
  started = true;
  await incidents.startIncidents();
  await sensors.startSensors(plantNow() / 1000, (names) => stream.follow(names));
}

function askForKey() {
  return new Promise((resolve) => {
    const dialog = $('key-dialog');
    dialog.addEventListener('close', () => {
      resolve($('key').value.trim());
      $('key').value = '';
    }, { once: true });
    if (!dialog.open) dialog.showModal();
  });
}

function everySecond() {
  if (!plant || document.hidden) return;
  $('clock').textContent = time(new Date(plantNow()).toISOString()) + ' UTC';
  sensors.tick(plantNow() / 1000);
}

// Drawing happens at most once a frame, and a few times a second at most.
function frame() {
  if (!document.hidden) sensors.draw();
  setTimeout(() => requestAnimationFrame(frame), 250);
}

onKeyNeeded(askForKey);
$('theme').addEventListener('click', () => {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('theme', root.dataset.theme);
  sensors.redrawAll();
});
addEventListener('resize', () => sensors.resizeAll());
// A page that nobody sees costs the server nothing.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) stream.close();
  else if (started) {
    reload();
    stream.connect();
  }
});
setInterval(() => document.hidden || loadStatus(), STATUS_MS);
setInterval(everySecond, 1000);
setInterval(() => !document.hidden && started && pace > FAST && sensors.refresh(), REFRESH_MS);
setInterval(() => !document.hidden && started && sensors.refreshBands().catch(() => {}), BANDS_MS);
requestAnimationFrame(frame);
loadStatus();
