// Draws the charts of chart.c: values, labels, score and alarms of each file.
'use strict';
const charts = JSON.parse(document.getElementById('data').textContent);
const main = document.querySelector('main');
const LEVELS = 999; // as CHART_LEVELS
const ANOMALY = 1, ALARM = 2, CHANGE = 4, FOUND = 8;
const colour = {value: '#1f4e79', score: '#b06214', label: '#d64034', alarm: '#2a6f3c',
                found: '#6a3fa0', ink: '#1c2430', soft: '#5b6675', train: '#eef1f5'};

for (const c of charts) {
    c.columns = c.marks.length;
    c.bits = [...c.marks].map(d => parseInt(d, 16));
    let sum = 0;
    if (c.seconds) c.at = c.seconds.map(d => sum += d);
}

function layout(c, width) {
    const many = c.lines.length > 1, line = many ? 30 : 130, score = 46, left = many ? 170 : 0;
    const bars = c.lines.length * (line + 4) + score + 4;
    return {many, line, score, left, bars, height: bars + 16, cell: (width - left) / c.columns};
}

// Calls draw(from, width) for each run of columns that bear the mark.
function runs(c, l, mark, draw) {
    for (let i = 0; i < c.columns; i++) {
        const from = i;
        while (i < c.columns && c.bits[i] & mark) i++;
        if (i > from) draw(l.left + from * l.cell, Math.max((i - from) * l.cell, 2));
    }
}

function drawLine(g, c, l, line, top) {
    const y = level => top + 2 + (l.line - 4) * (1 - level / LEVELS);
    let pen = false;
    g.strokeStyle = colour.value;
    g.beginPath();
    for (let i = 0; i < c.columns; i++) {
        const low = line.v[2 * i], high = line.v[2 * i + 1], x = l.left + (i + 0.5) * l.cell;
        if (low < 0) {
            pen = false;
            continue;
        }
        if (pen) g.lineTo(x, y(low));
        else g.moveTo(x, y(low));
        g.lineTo(x, high > low ? y(high) : y(low) - 0.01);
        pen = true;
    }
    g.stroke();
    if (l.many) g.fillText(line.name.slice(0, 26), 0, top + l.line / 2 + 4);
}

function dashed(g, points, dash) {
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(...points[0]);
    g.lineTo(...points[1]);
    g.stroke();
    g.setLineDash([]);
}

function drawScore(g, c, l, top, width) {
    g.fillStyle = colour.score;
    g.beginPath();
    g.moveTo(l.left, top + l.score);
    for (let i = 0; i < c.columns; i++) {
        const y = top + l.score * (1 - Math.max(c.score[i], 0) / LEVELS);
        g.lineTo(l.left + i * l.cell, y);
        g.lineTo(l.left + (i + 1) * l.cell, y);
    }
    g.lineTo(width, top + l.score);
    g.fill();
    g.fillStyle = colour.soft;
    if (l.many) g.fillText('score', 0, top + l.score / 2 + 4);
    if (c.threshold === null || !(c.top > 0) || c.threshold > c.top) return;
    const y = top + l.score * (1 - c.threshold / c.top);
    g.strokeStyle = colour.ink;
    dashed(g, [[l.left, y], [width, y]], [4, 3]);
}

function drawMarks(g, c, l) {
    g.strokeStyle = colour.label;
    runs(c, l, CHANGE, x => dashed(g, [[x, 0], [x, l.bars]], [2, 3]));
    g.fillStyle = colour.label;
    runs(c, l, ANOMALY, (x, w) => g.fillRect(x, l.bars + 3, w, 5));
    g.fillStyle = colour.alarm;
    runs(c, l, ALARM, (x, w) => g.fillRect(x, l.bars + 10, w, 5));
    g.fillStyle = colour.found;
    runs(c, l, FOUND, x => {
        g.beginPath();
        g.moveTo(x, l.bars - 8);
        g.lineTo(x - 4, l.bars + 1);
        g.lineTo(x + 4, l.bars + 1);
        g.fill();
    });
}

function draw(c, canvas, hover) {
    const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, l = layout(c, width);
    canvas.width = width * scale;
    canvas.height = l.height * scale;
    canvas.style.height = l.height + 'px';
    const g = canvas.getContext('2d');
    g.scale(scale, scale);
    g.font = '11px system-ui, sans-serif';
    g.fillStyle = colour.train;
    g.fillRect(l.left, 0, (width - l.left) * Math.min(1, c.train / c.rows), l.bars);
    g.fillStyle = 'rgba(214, 64, 52, .16)';
    runs(c, l, ANOMALY, (x, w) => g.fillRect(x, 0, w, l.bars));
    g.fillStyle = colour.soft;
    c.lines.forEach((line, k) => drawLine(g, c, l, line, k * (l.line + 4)));
    drawScore(g, c, l, c.lines.length * (l.line + 4), width);
    drawMarks(g, c, l);
    if (hover !== undefined) {
        g.fillStyle = colour.ink;
        g.fillRect(l.left + (hover + 0.5) * l.cell, 0, 1, l.height);
    }
}

function number(v) {
    if (v === null) return '-';
    const size = Math.abs(v);
    return size >= 1e6 || (size > 0 && size < 1e-3) ? v.toExponential(2)
                                                    : String(+v.toPrecision(5));
}

// What the column says, in words.
function tell(c, i) {
    const words = ['row ' + (Math.floor(i * c.rows / c.columns) + 1)];
    if (c.at) words.push(new Date(c.at[i] * 1000).toISOString().slice(0, 19).replace('T', ' '));
    for (const line of c.lines) {
        const value = level => level < 0 ? null : line.low + (line.high - line.low) * level / LEVELS;
        const low = number(value(line.v[2 * i])), high = number(value(line.v[2 * i + 1]));
        words.push(line.name + ' ' + (low === high ? low : low + ' to ' + high));
    }
    words.push('score ' + (c.score[i] < 0 ? '-' : number(c.score[i] / LEVELS * c.top)));
    return words.join('   ');
}

// Canvases are drawn as they come near to what is seen.
const seen = new IntersectionObserver(entries => {
    for (const e of entries) {
        if (!e.isIntersecting) continue;
        seen.unobserve(e.target);
        e.target.drawn = true;
        draw(e.target.chart, e.target);
    }
}, {rootMargin: '800px'});

function make(tag, className, text) {
    const e = document.createElement(tag);
    e.className = className;
    e.textContent = text;
    return e;
}

function add(c) {
    const section = make('section', '', ''), canvas = make('canvas', '', '');
    const at = make('div', 'at', '');
    canvas.chart = c;
    canvas.style.height = layout(c, 1).height + 'px';
    canvas.onmousemove = e => {
        const l = layout(c, canvas.clientWidth), i = Math.floor((e.offsetX - l.left) / l.cell);
        if (i < 0 || i >= c.columns) return;
        draw(c, canvas, i);
        at.textContent = tell(c, i);
    };
    canvas.onmouseleave = () => draw(c, canvas);
    section.append(make('h2', '', c.name), make('span', 'note', c.note), canvas, at);
    main.append(section);
    seen.observe(canvas);
}

const buttons = [...document.querySelectorAll('button')];
buttons.forEach((button, i) => button.onclick = () => {
    buttons.forEach(b => b.className = b === button ? 'on' : '');
    main.textContent = '';
    (i ? [...charts].sort((a, b) => a.merit - b.merit) : charts).forEach(add);
});
buttons[0].onclick();
window.onresize = () => {
    for (const canvas of document.querySelectorAll('canvas'))
        if (canvas.drawn) draw(canvas.chart, canvas);
};
