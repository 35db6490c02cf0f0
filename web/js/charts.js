// Charts over uPlot: a small one on each card, a large one in the detail view. Both draw the normal
// band, its limits, and the anomalies.

/* global uPlot */

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function colours() {
  return {
    line: colour('--accent'), band: colour('--band'), expected: colour('--expected'), limit: colour('--limit'),
    mark: colour('--mark'), bad: colour('--bad'), grid: colour('--grid'), text: colour('--soft'),
  };
}

// The value axis shows the data with some room. A limit counts when the data come near it, so that
// calm data do not shrink to a line for the sake of a far limit.
function valueRange(chart, low, high) {
  let { low: bandLow, high: bandHigh } = chart.band;
  const hasBand = bandLow !== null && bandHigh !== null;
  const width = hasBand ? bandHigh - bandLow : 0;
  if (low === null || low === undefined) {
    low = hasBand ? bandLow : 0;
    high = hasBand ? bandHigh : 1;
  }
  if (hasBand) {
    if (chart.large || low - bandLow < width * 0.15) low = Math.min(low, bandLow);
    if (chart.large || bandHigh - high < width * 0.15) high = Math.max(high, bandHigh);
  }
  const least = Math.max(width * 0.2, Math.abs(high) * 1e-3, 1e-9);
  if (high - low < least) {
    const middle = (high + low) / 2;
    low = middle - least / 2;
    high = middle + least / 2;
  }
  const room = (high - low) * 0.08;
  return [low - room, high + room];
}

// Where the value should have been while an anomaly went on, if that is not the usual band.
function drawExpected(u, mark, a, b, c, usual) {
  if (mark.low === null || mark.high === null) return;
  if (mark.low === usual.low && mark.high === usual.high) return;
  const { top, height } = u.bbox;
  const clampY = (v) => Math.min(top + height, Math.max(top, u.valToPos(v, 'y', true)));
  const from = clampY(mark.high), to = clampY(mark.low);
  u.ctx.fillStyle = c.expected;
  u.ctx.fillRect(a, from, b - a, Math.max(to - from, devicePixelRatio));
}

function drawBehind(u, chart) {
  const { ctx } = u, { left, top, width, height } = u.bbox, c = chart.colours;
  const clampY = (v) => Math.min(top + height, Math.max(top, u.valToPos(v, 'y', true)));
  ctx.save();
  if (chart.band.low !== null && chart.band.high !== null) {
    const from = clampY(chart.band.high), to = clampY(chart.band.low);
    ctx.fillStyle = c.band;
    ctx.fillRect(left, from, width, to - from);
    ctx.strokeStyle = c.limit;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const limit of [chart.band.low, chart.band.high]) {
      const y = u.valToPos(limit, 'y', true);
      if (y <= top || y >= top + height) continue;
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }
  }
  ctx.setLineDash([]);
  for (const mark of chart.marks) {
    const from = u.valToPos(mark.from, 'x', true);
    const to = u.valToPos(mark.to === null ? u.scales.x.max : mark.to, 'x', true);
    const a = Math.max(left, from), b = Math.min(left + width, Math.max(to, from + 2));
    if (b <= a) continue;
    ctx.fillStyle = c.mark;
    ctx.fillRect(a, top, b - a, height);
    ctx.fillStyle = c.bad;
    ctx.fillRect(a, top, b - a, 2 * devicePixelRatio);
    drawExpected(u, mark, a, b, c, chart.band);
  }
  ctx.restore();
}

// Times as "09:15", with the day where it changes, and in seconds when ticks are that close.
function timeTexts(u, splits) {
  let day = '';
  return splits.map((seconds, i) => {
    const text = new Date(seconds * 1000).toISOString();
    const close = splits.length > 1 && splits[1] - splits[0] < 60;
    const other = day !== text.slice(0, 10) && (i > 0 || splits[splits.length - 1] - splits[0] > 43200);
    day = text.slice(0, 10);
    return text.slice(11, close ? 19 : 16) + (other ? '\n' + text.slice(5, 10) : '');
  });
}

// `chart`: { band: {low, high}, marks: [{from, to, low, high}], large, range: [from, to] } in seconds; the
// caller changes it and calls redraw.
export function makeChart(parent, chart, data) {
  chart.colours = colours();
  const c = chart.colours;
  const axis = { stroke: c.text, grid: { stroke: c.grid, width: 1 }, ticks: { show: false } };
  const series = [{}, {
    stroke: c.line, width: chart.large ? 1.6 : 1.4, points: { show: false }, spanGaps: false,
  }];
  if (chart.large)
    series.push({ stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } });
  return new uPlot({
    width: Math.max(50, parent.clientWidth),
    height: chart.large ? 320 : 78,
    legend: { show: false },
    cursor: chart.large
      ? { points: { size: 6 }, drag: { x: false, y: false } }
      : { show: false },
    padding: chart.large ? [10, 18, 0, 0] : [4, 4, 4, 4],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    scales: {
      x: { time: true, range: () => chart.range },
      y: { range: (u, low, high) => valueRange(chart, low, high) },
    },
    axes: chart.large
      ? [{ ...axis, values: timeTexts, space: 64 }, { ...axis, size: 56 }]
      : [{ show: false }, { show: false }],
    series,
    bands: chart.large ? [{ series: [3, 2], fill: c.band }] : [],
    hooks: {
      drawClear: [(u) => drawBehind(u, chart)],
      setCursor: chart.onCursor ? [(u) => chart.onCursor(u.cursor.idx)] : [],
    },
  }, data, parent);
}

export function resize(u, parent) {
  const width = Math.max(50, parent.clientWidth);
  if (width !== u.width) u.setSize({ width, height: u.height });
}
