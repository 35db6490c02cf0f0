// Incidents and anomalies as lists, and the dialog in which a technician says what it was.

import { get, post, patch } from '/js/api.js';
import { element, duration, evidence, kindText, time, plural } from '/js/format.js';

const LISTED = 30;
const $ = (id) => document.getElementById(id);
const incidents = new Map(); // by id: what the list shows
const rows = new Map();      // by id: its row, kept so that a click meets what it was aimed at
const anomalies = new Map(); // by id: the latest
let open = null;             // the incident in the dialog
let now = '';                // plant time as text

export function setNow(text) {
  now = text;
}

// Why the latest summary has no model's words, '' when it has or no model is to write it.
export function setSummaryNote(text) {
  $('summary-note').textContent = text;
  $('summary-note').hidden = !text;
}

// ---- lists ----

function span(from, to) {
  const end = to || now;
  return duration(Date.parse(end) - Date.parse(from));
}

function incidentRow(i) {
  const over = !i.active || i.state === 'resolved';
  const title = i.title || `${i.asset}: ${i.kinds.map(kindText).join(', ')}`;
  if (!rows.has(i.id))
    rows.set(i.id, element('li', {}, element('button', { class: 'row', type: 'button',
      onclick: () => openIncident(i.id) })));
  const button = rows.get(i.id).firstChild;
  button.title = title;
  button.replaceChildren(
    element('i', { class: i.severity + (over ? ' over' : '') }),
    element('span', { class: 'title' }, title),
    element('small', {},
      element('span', { class: 'tag ' + i.state }, i.state), ' ',
      `#${i.id}, ${time(i.start, now)}, ${span(i.start, i.active ? null : i.last)}, ` +
      plural(i.anomaly_count, 'anomaly', 'anomalies') + (over ? '' : ', going on')));
  return rows.get(i.id);
}

function setChildren(parent, children) {
  if (children.length !== parent.children.length ||
      children.some((child, at) => child !== parent.children[at]))
    parent.replaceChildren(...children);
}

function showIncidents() {
  const wanted = $('incident-state').value;
  const shown = [...incidents.values()].filter((i) => !wanted || i.state === wanted)
    .sort((a, b) => b.id - a.id).slice(0, LISTED);
  setChildren($('incidents'), shown.length ? shown.map(incidentRow)
    : [element('li', { class: 'none' }, wanted ? `No ${wanted} incidents.` : 'No incidents yet.')]);
}

function anomalyRow(a) {
  const says = a.message || kindText(a.type);
  return element('li', {}, element('div', { class: 'row' },
    element('i', { class: a.severity + (a.open ? '' : ' over') }),
    element('span', {}, element('b', {}, says.startsWith(a.parameter) ? a.asset : a.sensor), ' ', says),
    element('small', {}, `${time(a.start, now)}, ` +
      (a.open ? `for ${span(a.start, null)}, going on` : span(a.start, a.end)))));
}

function showAnomalies() {
  const shown = [...anomalies.values()].sort((a, b) => (a.start < b.start ? 1 : -1)).slice(0, 12);
  $('anomalies').replaceChildren(...(shown.length ? shown.map(anomalyRow)
    : [element('li', { class: 'none' }, 'None so far.')]));
  // Old ones go when many came.
  if (anomalies.size > 200)
    for (const id of [...anomalies.keys()].slice(0, anomalies.size - 100)) anomalies.delete(id);
}

export function takeIncident(i) {
  incidents.set(i.id, i);
  showIncidents();
  if (open && open.id === i.id && !$('incident').contains(document.activeElement))
    openIncident(i.id);
}

export function takeDiagnosis(d) {
  if (!open || open.id !== d.incident) return;
  open.diagnoses = [...open.diagnoses.filter((one) => one.moment !== d.moment), d];
  showDiagnoses(open.diagnoses);
}

export function takeAnomaly(a) {
  anomalies.set(a.id, a);
  showAnomalies();
}

export function takeSummary(s) {
  $('summary').textContent = s.summary || 'None yet.';
  $('summary-when').textContent = s.timestamp
    ? `${time(s.timestamp, now)}, from ${s.model || s.generated_by}` : '';
}

export async function loadLists() {
  const [i, a, s] = await Promise.all([
    get('/api/v1/incidents', { limit: 100, state: $('incident-state').value }),
    get('/anomalies', { limit: 50 }), get('/summary')]);
  incidents.clear();
  rows.clear();
  i.incidents.forEach((one) => incidents.set(one.id, one));
  a.anomalies.forEach((one) => anomalies.set(one.id, one));
  showIncidents();
  showAnomalies();
  takeSummary(s);
}

// ---- dialog ----

function timelineRow(a) {
  const says = a.message || kindText(a.type);
  return element('li', {}, says.startsWith(a.parameter) ? says : `${a.parameter}: ${says}`,
    element('small', {}, `${time(a.start, now)} to ${a.end ? time(a.end, now) : 'now'}; ${evidence(a)}`));
}

function diagnosisBlock(d) {
  const by = d.model ? `${d.model}, ${d.verified ? 'checked against the facts' : 'not verified'}` : 'the facts alone';
  return element('p', {}, d.diagnosis,
    element('small', {}, `${d.moment === 'closed' ? 'When it was over' : 'When it opened'}, ${time(d.timestamp, now)}, from ${by}`));
}

// What it was when it is over tells more than what it looked like at first: that comes first.
function showDiagnoses(list) {
  $('incident-diagnoses').replaceChildren(...[...list].reverse().map(diagnosisBlock));
  $('incident-diagnoses').hidden = !list.length;
}

function trouble(message) {
  $('incident-trouble').textContent = message || '';
  $('incident-trouble').hidden = !message;
}

function showIncident(i) {
  open = i;
  $('incident-title').textContent = i.title || `Incident ${i.id}`;
  $('incident-facts').textContent = `#${i.id}, ${i.asset}, ${i.severity}, ${i.state}. From ` +
    `${time(i.start, now)}${i.active ? ', going on' : ' to ' + time(i.last, now)}.`;
  showDiagnoses(i.diagnoses);
  $('incident-timeline').replaceChildren(...i.anomalies.slice(-50).map(timelineRow));
  $('incident-verdict').value = i.verdict;
  showVerdict();
  $('incident-cause').value = i.cause;
  $('incident-note').value = i.note;
  $('incident-acknowledge').hidden = i.state !== 'open';
  $('incident-resolve').hidden = i.state === 'resolved';
  trouble('');
}

function showVerdict() {
  $('incident-verdict-means').hidden = $('incident-verdict').value !== 'false_alarm';
}

async function openIncident(id) {
  showIncident(await get(`/api/v1/incidents/${id}`));
  if (!$('incident').open) $('incident').showModal();
}

function words() {
  return { note: $('incident-note').value, cause: $('incident-cause').value,
    verdict: $('incident-verdict').value };
}

async function say(call, thenClose) {
  try {
    const now_ = await call();
    incidents.set(now_.id, now_);
    showIncident(now_);
    showIncidents();
    if (thenClose) $('incident').close();
  } catch (error) {
    trouble(error.message);
  }
}

export function startIncidents() {
  const path = () => `/api/v1/incidents/${open.id}`;
  $('incident-state').addEventListener('change', loadLists);
  $('incident-verdict').addEventListener('change', showVerdict);
  $('incident-save').addEventListener('click', () => say(() => patch(path(), words()), true));
  $('incident-acknowledge').addEventListener('click',
    () => say(() => post(path() + '/acknowledge', words()), true));
  $('incident-resolve').addEventListener('click',
    () => say(() => post(path() + '/resolve', words()), true));
  $('incident').addEventListener('close', () => { open = null; });
  return loadLists();
}
