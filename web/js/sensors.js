// The cards: a page of sensors with live values and small charts.
//
// Only cards near the visible part of the page have a chart and history; at most PAGE sensors are
// asked for, whatever the plant has.

import { get } from '/js/api.js';
import { makeChart, resize } from '/js/charts.js';
import { ago, clock, moveTo } from '/js/clock.js';
import { anomalyInDetail, drawDetail, inDetail, moveDetail, openDetail, rangeButtons, redrawDetail,
  refreshDetail, resizeDetail, startDetail, takeDetailReading } from '/js/detail.js';
import { element, duration, kindText, band, value, count } from '/js/format.js';
import { forgetAll, keep, marksOf, openAnomaly } from '/js/marks.js';

const PAGE = 24;
const POINTS = 300;        // of a small chart
const $ = (id) => document.getElementById(id);

const state = {
  cards: new Map(), // by the sensor's full name
  offset: 0, total: 0, search: '', alarms: false,
  range: Number(localStorage.getItem('range')) || 900,
  request: 0,
  onPage: () => {},
};

// ---- anomalies on charts ----

export function takeAnomaly(a) {
  if (!a.sensor) return;
  keep(a);
  const card = state.cards.get(a.sensor);
  if (card) {
    showAlarm(card);
    card.dirty = true;
  }
  anomalyInDetail(a);
}

async function loadMarks() {
  const answer = await get('/api/v1/anomalies', { from: ago(state.range), limit: 1000 });
  forgetAll();
  answer.anomalies.forEach(takeAnomaly);
}

// ---- cards ----

function showValue(card, v, timeText) {
  card.time = timeText;
  card.valueText.data = value(v);
  const age = timeText ? clock.now * 1000 - Date.parse(timeText) : Infinity;
  const late = 15000 + 3000 * clock.step;
  card.node.classList.toggle('stale', !(age < late));
  card.when.data = !timeText ? 'no reading yet' : age > late ? duration(age) + ' ago' : '';
}

function showAlarm(card) {
  const a = openAnomaly(card.sensor.sensor);
  card.node.classList.toggle('alarm', Boolean(a));
  card.alarm.textContent = a ? kindText(a.type) + (a.side === 'none' ? '' : ' ' + a.side) : '';
}

function bandText(s) {
  return s.low === null || s.high === null ? 'no normal range'
    : `normal ${band(s.low, s.high)}`;
}

// Where nobody set limits the band is the detectors', which moves.
function showBand(card, { low, high }) {
  Object.assign(card.sensor, { low, high });
  card.bandText.data = bandText(card.sensor);
  card.dirty = true;
}

function makeCard(sensor) {
  const card = {
    sensor, valueText: document.createTextNode('–'), when: document.createTextNode(''),
    bandText: document.createTextNode(bandText(sensor)), alarm: element('em'), plot: element('div', { class: 'plot' }), data: null, uplot: null,
  };
  card.node = element('button', { class: 'card', type: 'button', title: sensor.sensor,
    onclick: () => openDetail(sensor, state.range, () => state.onPage(followed())) },
  element('span', { class: 'top' },
    element('span', { class: 'name' }, sensor.parameter),
    element('span', { class: 'value' }, card.valueText, element('u', {}, sensor.unit))),
  element('span', { class: 'under' }, element('span', {}, card.bandText),
    element('span', {}, card.when, card.alarm)),
  card.plot);
  card.node.card = card;
  return card;
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const card = entry.target.card;
    card.visible = entry.isIntersecting;
    if (card.visible && !card.data) loadHistory(card);
    else if (card.visible) card.dirty = true;
  }
}, { rootMargin: '200px' });

async function loadHistory(card) {
  card.data = card.data || [[], []];
  try {
    const h = await get('/api/v1/readings/history', { sensor: card.sensor.sensor,
      from: ago(state.range), columns: true, max_points: POINTS });
    showBand(card, h);
    const live = card.data;
    card.data = [h.columns.time_ms.map((t) => t / 1000), h.columns.value];
    // What came live while the history was on its way.
    const end = Date.parse(h.to) / 1000;
    live[0].forEach((t, i) => t >= end && append(card, t, live[1][i]));
    card.dirty = true;
  } catch (error) {
    card.plot.textContent = error.message;
  }
}

// Where plant time runs faster than the clock, the stream's two values a second are too few: what
// lies between them comes from the history.
export function refresh() {
  for (const card of state.cards.values()) if (card.visible && card.data) loadHistory(card);
  refreshDetail();
}

// The bands of the cards, as they are now.
export async function refreshBands() {
  const answer = await get('/api/v1/sensors', { search: state.search, alarm: state.alarms,
    limit: PAGE, offset: state.offset });
  for (const s of answer.sensors) if (state.cards.has(s.sensor)) showBand(state.cards.get(s.sensor), s);
}

function append(card, t, v) {
  const [times, values] = card.data;
  if (times.length && t <= times[times.length - 1]) return;
  times.push(t);
  values.push(v);
  // A long range keeps about as many points as were asked for.
  if (times.length > 4 * POINTS) {
    const from = clock.now - state.range;
    let first = 0;
    while (first < times.length && times[first] < from) first++;
    first = Math.max(first, times.length - 3 * POINTS);
    card.data = [times.slice(first), values.slice(first)];
  }
}

function drawCard(card) {
  card.dirty = false;
  const chart = card.chart || (card.chart = {});
  chart.band = { low: card.sensor.low, high: card.sensor.high };
  chart.marks = marksOf(card.sensor.sensor);
  chart.range = [clock.now - state.range, clock.now];
  if (!card.uplot) {
    card.plot.textContent = '';
    card.uplot = makeChart(card.plot, chart, card.data);
  } else {
    card.uplot.setData(card.data);
  }
}

export function draw() {
  for (const card of state.cards.values())
    if (card.visible && card.data && card.data[0].length && card.dirty) drawCard(card);
  drawDetail();
}

// The charts move on with the plant's clock, also when nothing new came.
export function tick(nowSeconds) {
  moveTo(nowSeconds);
  for (const card of state.cards.values()) {
    showValue(card, card.value, card.time);
    card.dirty = true;
  }
  moveDetail();
}

export function takeReadings(readings) {
  for (const r of readings) {
    const t = Date.parse(r.time) / 1000;
    moveTo(t);
    const card = state.cards.get(r.sensor);
    if (card) {
      card.value = r.value;
      showValue(card, r.value, r.time);
      if (card.data) append(card, t, r.value);
      card.dirty = true;
    }
    takeDetailReading(t, r);
  }
}

function emptyNote() {
  if (state.alarms) return element('div', { class: 'empty' }, element('b', {}, 'Nothing is in alarm.'),
    state.search ? `No sensor in alarm has “${state.search}” in its name.` : 'All sensors are within their limits.');
  if (state.search) return element('div', { class: 'empty' }, element('b', {}, 'No such sensor.'),
    `No name contains “${state.search}”.`);
  return element('div', { class: 'empty' }, element('b', {}, 'No readings yet.'),
    'Send some, and the sensors appear by themselves:',
    element('pre', {}, `curl ${location.origin}/api/v1/readings -H 'Content-Type: application/json' \\\n`
      + `  -d '[{"sensor":"pump-1/temperature","value":21.5}]'`),
    element('br'), 'Or look at a simulated plant:', element('pre', {}, 'fettle serve --demo'));
}

function showPager() {
  $('pager').hidden = state.total <= PAGE;
  $('page').textContent = `${count(state.offset + 1)} to ` +
    `${count(Math.min(state.offset + PAGE, state.total))} of ${count(state.total)}`;
  $('before').disabled = state.offset === 0;
  $('after').disabled = state.offset + PAGE >= state.total;
}

function clearCards() {
  for (const card of state.cards.values()) {
    seen.unobserve(card.node);
    if (card.uplot) card.uplot.destroy();
  }
  state.cards.clear();
}

function showCards(sensors) {
  clearCards();
  const nodes = [];
  let asset = null;
  for (const sensor of sensors) {
    if (sensor.asset !== asset) nodes.push(element('h3', {}, asset = sensor.asset));
    const card = makeCard(sensor);
    card.value = sensor.value;
    state.cards.set(sensor.sensor, card);
    showValue(card, sensor.value, sensor.time);
    showAlarm(card);
    nodes.push(card.node);
  }
  $('cards').replaceChildren(...(nodes.length ? nodes : [emptyNote()]));
  for (const card of state.cards.values()) seen.observe(card.node);
}

// Asks for the page of sensors again; `marks` too when the range or the plant changed.
export async function loadPage() {
  const request = ++state.request;
  const answer = await get('/api/v1/sensors', { search: state.search, alarm: state.alarms,
    limit: PAGE, offset: state.offset });
  await loadMarks();
  if (request !== state.request) return;
  state.total = answer.total;
  if (state.offset && state.offset >= state.total) {
    state.offset = 0;
    return loadPage();
  }
  showCards(answer.sensors);
  showPager();
  state.onPage(followed());
}

// New sensors came: only a page that is not full, or shows alarms, changes by that.
export function plantChanged(sensorCount) {
  if (!state.search && !state.alarms && state.cards.size < PAGE && sensorCount !== state.total)
    return loadPage();
  return null;
}

export function followed() {
  const names = [...state.cards.keys()];
  if (inDetail() && !names.includes(inDetail())) names.push(inDetail());
  return names;
}

// The theme or the width changed.
export function redrawAll() {
  for (const card of state.cards.values()) {
    if (card.uplot) card.uplot.destroy();
    card.uplot = null;
    card.dirty = true;
  }
  redrawDetail();
  draw();
}

export function resizeAll() {
  for (const card of state.cards.values()) if (card.uplot) resize(card.uplot, card.plot);
  resizeDetail();
}

// ---- wiring ----

export function startSensors(nowSeconds, onPage) {
  moveTo(nowSeconds);
  state.onPage = onPage;
  let typing;
  $('search').addEventListener('input', (e) => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      state.search = e.target.value.trim();
      state.offset = 0;
      loadPage();
    }, 200);
  });
  $('alarms').addEventListener('change', (e) => {
    state.alarms = e.target.checked;
    state.offset = 0;
    loadPage();
  });
  const move = (by) => {
    state.offset = Math.max(0, state.offset + by);
    loadPage();
    $('h-sensors').scrollIntoView({ block: 'center' });
  };
  $('before').addEventListener('click', () => move(-PAGE));
  $('after').addEventListener('click', () => move(PAGE));
  rangeButtons($('ranges'), () => state.range, (seconds) => {
    state.range = seconds;
    localStorage.setItem('range', seconds);
    loadPage();
  });
  startDetail();
  return loadPage();
}
