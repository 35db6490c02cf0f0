// Numbers, times and durations as people read them.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

// A reading: about four significant digits, never in exponents unless it must.
export function value(v) {
  if (v === null || v === undefined || Number.isNaN(v)) return '–';
  const size = Math.abs(v);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return v.toExponential(2);
  return v.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}

// A band of values, as finely as it is wide: "10 to 35", "-0.38 to 5.94", "23.67 to 23.87".
export function band(low, high) {
  const width = high - low;
  const decimals = width > 0 ? Math.min(12, Math.max(0, 2 - Math.trunc(Math.log10(width)))) : 3;
  const text = (v) => String(Number(v.toFixed(decimals)));
  return `${text(low)} to ${text(high)}`;
}

export function count(n) {
  return n >= 1e6 ? number.format(n / 1e6) + ' M' : whole.format(n);
}

export function rate(n) {
  if (n >= 1e6) return number.format(n / 1e6) + ' M';
  if (n >= 1e4) return number.format(n / 1e3) + ' k';
  return n >= 100 ? whole.format(n) : number.format(n);
}

export function bytes(n) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return number.format(n) + ' ' + units[i];
}

// "2026-11-21T09:15:00.25Z" -> "09:15:00", with the date when it is not `near`'s day.
export function time(text, near) {
  if (!text) return '–';
  const clock = text.slice(11, 19);
  return near && text.slice(0, 10) !== near.slice(0, 10) ? text.slice(0, 10) + ' ' + clock : clock;
}

export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return s + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  if (s < 172800) return Math.round(s / 3600) + ' h';
  return Math.round(s / 86400) + ' d';
}

export function plural(n, one, many) {
  return count(n) + ' ' + (n === 1 ? one : many || one + 's');
}

const KINDS = { level_shift: 'level shift', seasonal: 'off its usual course',
  pattern: 'unusual course', multivariate: 'out of step' };

// A kind of anomaly as people say it; the same words stand in the titles of incidents.
export function kindText(kind) {
  return KINDS[kind] || kind;
}

// What raised an anomaly, and how clearly.
export function evidence(a) {
  return `detector ${a.detector}, score ${a.score.toFixed(2)}`;
}

// An element with attributes (class, title...; on* as listeners) and children (texts or elements).
// Texts become text nodes, whatever is in them.
export function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, v] of Object.entries(attributes || {})) {
    if (v === null || v === undefined || v === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), v);
    else e.setAttribute(key, v === true ? '' : v);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}
