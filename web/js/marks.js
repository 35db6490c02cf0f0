// Anomalies by sensor, as charts mark them.

const bySensor = new Map(); // full name -> id -> anomaly

export function keep(a) {
  if (!bySensor.has(a.sensor)) bySensor.set(a.sensor, new Map());
  bySensor.get(a.sensor).set(a.id, a);
}

export function forgetAll() {
  bySensor.clear();
}

// Newest first.
export function anomaliesOf(name) {
  return [...(bySensor.get(name) || new Map()).values()].sort((a, b) => (a.start < b.start ? 1 : -1));
}

// Spans in seconds, each with the band that was expected then.
export function marksOf(name) {
  return anomaliesOf(name).map((a) => ({
    from: Date.parse(a.start) / 1000, to: a.end ? Date.parse(a.end) / 1000 : null,
    low: a.expected_low, high: a.expected_high,
  }));
}

export function openAnomaly(name) {
  return anomaliesOf(name).find((a) => a.open) || null;
}
