// The detail view of one sensor: a large chart with its band, its anomalies, how it is judged.

import { get } from '/js/api.js';
import { makeChart, resize } from '/js/charts.js';
import { ago, clock, nowText } from '/js/clock.js';
import { element, evidence, time, value } from '/js/format.js';
import { anomaliesOf, keep, marksOf } from '/js/marks.js';
import { showSensitivity } from '/js/sensitivity.js';

const POINTS = 1500;
export const RANGES = { '15 min': 900, '1 h': 3600, '6 h': 21600, '24 h': 86400, '7 d': 604800 };
const $ = (id) => document.getElementById(id);
let open = null; // { sensor, range, data, band, ... } while the view is open
let onChange = () => {};

// The full name of the sensor in view, null for none.
export function inDetail() {
  return open && open.sensor.sensor;
}

export function rangeButtons(parent, get_, set) {
  const buttons = Object.entries(RANGES).map(([label, seconds]) =>
    element('button', { type: 'button', 'aria-pressed': String(get_() === seconds),
      onclick: () => {
        set(seconds);
        for (const b of buttons) b.setAttribute('aria-pressed', String(b.seconds === seconds));
      } }, label));
  Object.values(RANGES).forEach((seconds, i) => { buttons[i].seconds = seconds; });
  parent.replaceChildren(...buttons);
}

export async function openDetail(sensor, range, changed) {
  onChange = changed;
  open = { sensor, range, data: null };
  $('detail-name').textContent = sensor.sensor;
  $('detail-value').textContent = `${value(sensor.value)} ${sensor.unit}`;
  $('detail-chart').replaceChildren();
  rangeButtons($('detail-ranges'), () => open.range, (seconds) => {
    open.range = seconds;
    loadDetail();
  });
  $('detail').showModal();
  showAnomalies();
  onChange();
  await Promise.all([loadDetail(), showSensitivity(sensor.sensor).catch(() => {})]);
}

async function loadDetail() {
  const d = open;
  const from = ago(d.range);
  try {
    const [h, anomalies] = await Promise.all([
      get('/api/v1/readings/history', { sensor: d.sensor.sensor, from, columns: true,
        max_points: POINTS }),
      get('/api/v1/anomalies', { sensor: d.sensor.sensor, from, limit: 500 })]);
    if (open !== d) return;
    const c = h.columns;
    d.data = [c.time_ms.map((t) => t / 1000), c.value, c.min || c.value, c.max || c.value];
    d.rolled = h.bucket_seconds > 0;
    d.band = { low: h.low, high: h.high };
    anomalies.anomalies.forEach(keep);
    showAnomalies();
    d.dirty = true;
    drawDetail();
  } catch (error) {
    $('detail-chart').textContent = error.message;
  }
}

export function takeDetailReading(t, r) {
  const d = open;
  if (!d || d.sensor.sensor !== r.sensor) return;
  $('detail-value').textContent = `${value(r.value)} ${d.sensor.unit}`;
  if (!d.data) return;
  const times = d.data[0];
  if (times.length && t <= times[times.length - 1]) return;
  times.push(t);
  d.data.slice(1).forEach((column) => column.push(r.value));
  d.dirty = true;
}

export function drawDetail() {
  const d = open;
  if (!d || !d.data || !d.dirty) return;
  d.dirty = false;
  d.chart = d.chart || { large: true, onCursor: (i) => showCursor(i) };
  d.chart.band = d.band;
  d.chart.marks = marksOf(d.sensor.sensor);
  d.chart.range = [clock.now - d.range, clock.now];
  if (!d.uplot) {
    $('detail-chart').replaceChildren();
    d.uplot = makeChart($('detail-chart'), d.chart, d.data);
  } else {
    d.uplot.setData(d.data);
  }
}

// The value under the mouse; the newest one when there is none.
function showCursor(i) {
  const d = open;
  if (!d || !d.data || i === null || i === undefined) return;
  const [times, values, low, high] = d.data;
  const at = new Date(times[i] * 1000).toISOString();
  const spread = d.rolled && low[i] !== null && low[i] !== high[i]
    ? ` (${value(low[i])} to ${value(high[i])})` : '';
  $('detail-value').textContent = `${value(values[i])} ${d.sensor.unit}${spread} at ` +
    time(at, nowText());
}

function showAnomalies() {
  const now = nowText();
  const all = anomaliesOf(open.sensor.sensor).slice(0, 8);
  $('detail-anomalies').replaceChildren(...(all.length
    ? all.map((a) => element('li', {}, element('div', { class: 'row' },
      element('i', { class: a.severity + (a.open ? '' : ' over') }),
      element('span', {}, a.message),
      element('small', {}, `${time(a.start, now)}${a.end ? ' to ' + time(a.end, now) : ', going on'}; `
        + evidence(a)))))
    : [element('li', { class: 'none' }, 'No anomalies in this time.')]));
}

export function anomalyInDetail(a) {
  if (!open || open.sensor.sensor !== a.sensor) return;
  showAnomalies();
  open.dirty = true;
}

export function moveDetail() {
  if (open) open.dirty = true;
}

export function refreshDetail() {
  if (open && open.data) loadDetail();
}

// The theme changed.
export function redrawDetail() {
  if (!open) return;
  if (open.uplot) open.uplot.destroy();
  open.uplot = null;
  open.dirty = true;
}

export function resizeDetail() {
  if (open && open.uplot) resize(open.uplot, $('detail-chart'));
}

export function startDetail() {
  $('detail').addEventListener('close', () => {
    if (open && open.uplot) open.uplot.destroy();
    open = null;
    onChange();
  });
}
