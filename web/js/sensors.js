// The cards: a page of sensors with live values and small charts, and the detail view of one.
//
// Only cards near the visible part of the page have a chart and history; at most PAGE sensors are
// asked for, whatever the plant has.

import { get } from '/js/api.js';
import { makeChart, resize } from '/js/charts.js';
import { element, duration, limit, time, value, count } from '/js/format.js';

const PAGE = 24;
const POINTS = 300;        // of a small chart
const DETAIL_POINTS = 1500;
export const RANGES = { '15 min': 900, '1 h': 3600, '6 h': 21600, '24 h': 86400, '7 d': 604800 };
const $ = (id) => document.getElementById(id);

const state = {
  cards: new Map(), // by the sensor's full name
  offset: 0, total: 0, search: '', alarms: false,
  range: Number(localStorage.getItem('range')) || 900,
  now: 0,           // plant time in seconds, from the newest thing heard
  marks: new Map(), // anomalies by sensor, by id
  detail: null,
  request: 0,
  onPage: () => {},
};

// ---- anomalies on charts ----

export function takeAnomaly(a) {
  if (!a.sensor) return;
  if (!state.marks.has(a.sensor)) state.marks.set(a.sensor, new Map());
  state.marks.get(a.sensor).set(a.id, a);
  const card = state.cards.get(a.sensor);
  if (card) {
    showAlarm(card);
    card.dirty = true;
  }
  if (state.detail && state.detail.sensor.sensor === a.sensor) showDetailAnomalies();
}

function marksOf(name) {
  const marks = [];
  for (const a of (state.marks.get(name) || new Map()).values())
    marks.push({ from: Date.parse(a.start) / 1000, to: a.end ? Date.parse(a.end) / 1000 : null });
  return marks;
}

function openAnomaly(name) {
  for (const a of (state.marks.get(name) || new Map()).values()) if (a.open) return a;
  return null;
}

async function loadMarks() {
  const from = new Date((state.now - state.range) * 1000).toISOString();
  const answer = await get('/api/v1/anomalies', { from, limit: 1000 });
  state.marks.clear();
  answer.anomalies.forEach(takeAnomaly);
}

// ---- cards ----

function showValue(card, v, timeText) {
  card.time = timeText;
  card.valueText.data = value(v);
  const age = timeText ? state.now * 1000 - Date.parse(timeText) : Infinity;
  card.node.classList.toggle('stale', !(age < 15000));
  card.when.data = !timeText ? 'no reading yet' : age > 15000 ? duration(age) + ' ago' : '';
}

function showAlarm(card) {
  const a = openAnomaly(card.sensor.sensor);
  card.node.classList.toggle('alarm', Boolean(a));
  card.alarm.textContent = a ? a.type + (a.side === 'none' ? '' : ' ' + a.side) : '';
}

function bandText(s) {
  return s.low === null || s.high === null ? '' : `normal ${limit(s.low)} to ${limit(s.high)}`;
}

function makeCard(sensor) {
  const card = {
    sensor, valueText: document.createTextNode('–'), when: document.createTextNode(''),
    alarm: element('em'), plot: element('div', { class: 'plot' }), data: null, uplot: null,
  };
  card.node = element('button', { class: 'card', type: 'button', title: sensor.sensor,
    onclick: () => openDetail(sensor) },
  element('span', { class: 'top' },
    element('span', { class: 'name' }, sensor.parameter),
    element('span', { class: 'value' }, card.valueText, element('u', {}, sensor.unit))),
  element('span', { class: 'under' }, element('span', {}, bandText(sensor)),
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
      from: new Date((state.now - state.range) * 1000).toISOString(), columns: true,
      max_points: POINTS });
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
  if (state.detail && state.detail.data) loadDetail();
}

function append(card, t, v) {
  const [times, values] = card.data;
  if (times.length && t <= times[times.length - 1]) return;
  times.push(t);
  values.push(v);
  // A long range keeps about as many points as were asked for.
  if (times.length > 4 * POINTS) {
    const from = state.now - state.range;
    let first = 0;
    while (first < times.length && times[first] < from) first++;
    first = Math.max(first, times.length - 3 * POINTS);
    card.data = [times.slice(first), values.slice(first)];
  }
}

function drawCard(card) {
  card.dirty = false;
  card.band = { low: card.sensor.low, high: card.sensor.high };
  const chart = card.chart || (card.chart = {});
  chart.band = card.band;
  chart.marks = marksOf(card.sensor.sensor);
  chart.range = [state.now - state.range, state.now];
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
  if (state.detail && state.detail.dirty) drawDetail();
}

// The charts move on with the plant's clock, also when nothing new came.
export function tick(nowSeconds) {
  if (nowSeconds > state.now) state.now = nowSeconds;
  for (const card of state.cards.values()) {
    showValue(card, card.value, card.time);
    card.dirty = true;
  }
  if (state.detail) state.detail.dirty = true;
}

export function takeReadings(readings) {
  for (const r of readings) {
    const t = Date.parse(r.time) / 1000;
    if (t > state.now) state.now = t;
    const card = state.cards.get(r.sensor);
    if (card) {
      card.value = r.value;
      showValue(card, r.value, r.time);
      if (card.data) append(card, t, r.value);
      card.dirty = true;
    }
    if (state.detail && state.detail.sensor.sensor === r.sensor) takeDetailReading(t, r);
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
  if (state.detail && !names.includes(state.detail.sensor.sensor))
    names.push(state.detail.sensor.sensor);
  return names;
}

// The theme or the width changed.
export function redrawAll() {
  for (const card of state.cards.values()) {
    if (card.uplot) card.uplot.destroy();
    card.uplot = null;
    card.dirty = true;
  }
  if (state.detail) {
    if (state.detail.uplot) state.detail.uplot.destroy();
    state.detail.uplot = null;
    state.detail.dirty = true;
  }
  draw();
}

export function resizeAll() {
  for (const card of state.cards.values()) if (card.uplot) resize(card.uplot, card.plot);
  if (state.detail && state.detail.uplot) resize(state.detail.uplot, $('detail-chart'));
}

// ---- detail ----

function rangeButtons(parent, get_, set) {
  const buttons = Object.entries(RANGES).map(([label, seconds]) =>
    element('button', { type: 'button', 'aria-pressed': String(get_() === seconds),
      onclick: () => {
        set(seconds);
        for (const b of buttons) b.setAttribute('aria-pressed', String(b.seconds === seconds));
      } }, label));
  Object.values(RANGES).forEach((seconds, i) => { buttons[i].seconds = seconds; });
  parent.replaceChildren(...buttons);
}

async function openDetail(sensor) {
  state.detail = { sensor, range: state.range, data: null };
  $('detail-name').textContent = sensor.sensor;
  $('detail-value').textContent = `${value(sensor.value)} ${sensor.unit}`;
  $('detail-chart').replaceChildren();
  rangeButtons($('detail-ranges'), () => state.detail.range, (seconds) => {
    state.detail.range = seconds;
    loadDetail();
  });
  $('detail').showModal();
  showDetailAnomalies();
  state.onPage(followed());
  await loadDetail();
}

async function loadDetail() {
  const d = state.detail;
  const from = new Date((state.now - d.range) * 1000).toISOString();
  try {
    const [h, anomalies] = await Promise.all([
      get('/api/v1/readings/history', { sensor: d.sensor.sensor, from, columns: true,
        max_points: DETAIL_POINTS }),
      get('/api/v1/anomalies', { sensor: d.sensor.sensor, from, limit: 500 })]);
    if (state.detail !== d) return;
    const c = h.columns;
    d.data = [c.time_ms.map((t) => t / 1000), c.value, c.min || c.value, c.max || c.value];
    d.rolled = h.bucket_seconds > 0;
    d.band = { low: h.low, high: h.high };
    anomalies.anomalies.forEach(takeAnomaly);
    showDetailAnomalies();
    d.dirty = true;
    draw();
  } catch (error) {
    $('detail-chart').textContent = error.message;
  }
}

function takeDetailReading(t, r) {
  const d = state.detail;
  $('detail-value').textContent = `${value(r.value)} ${d.sensor.unit}`;
  if (!d.data) return;
  const times = d.data[0];
  if (times.length && t <= times[times.length - 1]) return;
  times.push(t);
  d.data.slice(1).forEach((column) => column.push(r.value));
  d.dirty = true;
}

function drawDetail() {
  const d = state.detail;
  if (!d.data) return;
  d.dirty = false;
  d.chart = d.chart || { large: true, onCursor: (i) => showCursor(i) };
  d.chart.band = d.band;
  d.chart.marks = marksOf(d.sensor.sensor);
  d.chart.range = [state.now - d.range, state.now];
  if (!d.uplot) {
    $('detail-chart').replaceChildren();
    d.uplot = makeChart($('detail-chart'), d.chart, d.data);
  } else {
    d.uplot.setData(d.data);
  }
}

// The value under the mouse; the newest one when there is none.
function showCursor(i) {
  const d = state.detail;
  if (!d || !d.data || i === null || i === undefined) return;
  const [times, values, low, high] = d.data;
  const at = new Date(times[i] * 1000).toISOString();
  const spread = d.rolled && low[i] !== null && low[i] !== high[i]
    ? ` (${value(low[i])} to ${value(high[i])})` : '';
  $('detail-value').textContent = `${value(values[i])} ${d.sensor.unit}${spread} at ` +
    time(at, new Date(state.now * 1000).toISOString());
}

function showDetailAnomalies() {
  const now = new Date(state.now * 1000).toISOString();
  const all = [...(state.marks.get(state.detail.sensor.sensor) || new Map()).values()]
    .sort((a, b) => (a.start < b.start ? 1 : -1)).slice(0, 8);
  $('detail-anomalies').replaceChildren(...(all.length
    ? all.map((a) => element('li', {}, element('div', { class: 'row' },
      element('i', { class: a.severity + (a.open ? '' : ' over') }),
      element('span', {}, a.message),
      element('small', {}, `${time(a.start, now)}${a.end ? ' to ' + time(a.end, now) : ', goes on'}`))))
    : [element('li', { class: 'none' }, 'No anomalies in this time.')]));
}

// ---- wiring ----

export function startSensors(nowSeconds, onPage) {
  state.now = nowSeconds;
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
  $('detail').addEventListener('close', () => {
    if (state.detail && state.detail.uplot) state.detail.uplot.destroy();
    state.detail = null;
    state.onPage(followed());
  });
  return loadPage();
}
