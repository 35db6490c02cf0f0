// Of one sensor: how sensitive detection is and why, with the buttons that change it.

import { get, post } from '/js/api.js';
import { element, kindText, time } from '/js/format.js';

const $ = (id) => document.getElementById(id);
const SURE_MS = 4000;
let shown = ''; // the sensor's full name

const path = (name) => `/api/v1/sensors/${name.split('/').map(encodeURIComponent).join('/')}`;

// What is not taken back easily asks once more: the second click within a moment does it.
function sureButton(text, question, act) {
  let asked = null;
  const button = element('button', { type: 'button', onclick: () => {
    if (!asked) {
      button.textContent = question;
      asked = setTimeout(() => { asked = null; button.textContent = text; }, SURE_MS);
      return;
    }
    clearTimeout(asked);
    asked = null;
    button.textContent = text;
    act();
  } }, text);
  return button;
}

function say(message) {
  $('detail-said').textContent = message;
}

async function relearn(url, whose) {
  try {
    await post(url);
    say(`Detection learns ${whose} anew from now on; until it has, only limits alarm.`);
  } catch (error) {
    say(error.message);
  }
}

async function tellAgain(p) {
  try {
    await post('/api/v1/sensitivity/reset', { sensor: p.sensor, detector: p.detector, kind: p.kind });
    await showSensitivity(p.sensor);
    say('Such anomalies are told again.');
  } catch (error) {
    say(error.message);
  }
}

function patternRow(p) {
  const one = p.incidents.length === 1;
  const which = p.incidents.map((i) => '#' + i).join(', ');
  return element('li', {}, element('div', { class: 'pattern' },
    element('span', {}, element('b', {}, kindText(p.kind)), ` by ${p.detector} is kept back up to score `
      + `${p.above_score.toFixed(2)}: called a false alarm at ${p.false_score.toFixed(2)} in incident${one ? '' : 's'} ${which}`),
    element('button', { type: 'button', onclick: () => tellAgain(p) }, 'Tell again')));
}

function settingText(s) {
  const set = s.sensitivity === null ? 'Not judged yet'
    : s.sensitivity === 0 ? 'Learning detectors are off here'
      : s.sensitivity === 1 ? 'Judged at the usual sensitivity' : `Judged at ${s.sensitivity} times the usual sensitivity`;
  return set + (s.learns_since ? `, learning since ${s.learns_since.slice(0, 10)} ${time(s.learns_since)}` : '')
    + (s.patterns.length ? '' : '. No verdict keeps anything back here.');
}

export async function showSensitivity(name) {
  shown = name;
  const asset = name.slice(0, name.indexOf('/'));
  say('');
  const s = await get(path(name));
  if (shown !== name) return;
  $('detail-setting').textContent = settingText(s);
  $('detail-patterns').replaceChildren(...s.patterns.map(patternRow));
  $('detail-buttons').replaceChildren(
    sureButton('Learn sensor anew', 'Forget what is normal here?',
      () => relearn(path(name) + '/relearn', name)),
    sureButton('Learn asset anew', `Forget what is normal for ${asset}?`,
      () => relearn(`/api/v1/assets/${encodeURIComponent(asset)}/relearn`, asset)));
}
