// Drawing. Only what is seen is drawn, and what falls on the same pixel is drawn once, so that
// a frame costs what the screen has room for, and not what the trace has.

const canvas = $('plot'), top = $('top'), over = $('over');
const g = canvas.getContext('2d'), tg = top.getContext('2d'), og = over.getContext('2d');
const AXIS = 36, LEAST = 24, MOST = 68, CROWD = 1200;
let W = 0, H = 0, gutter = 190, laneHeight = 40;
let groups = []; // what was drawn, to be found by the mouse
let hovered = null, hoveredLane = null, selected = null, box = null;
let colours = {};

const theme = () => {
	const style = getComputedStyle(root);
	colours = {};
	for (const n of ['bg', 'panel', 'ink', 'dim', 'line', 'grid', 'stripe', 'life', 'accent', ...verdicts]) colours[n] = style.getPropertyValue('--' + n).trim();
};

const fit = (c, context) => {
	const ratio = devicePixelRatio || 1, w = c.clientWidth, h = c.clientHeight;
	if (c.width !== Math.round(w * ratio) || c.height !== Math.round(h * ratio)) {
		c.width = Math.round(w * ratio);
		c.height = Math.round(h * ratio);
	}
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.clearRect(0, 0, w, h);
	return [w, h];
};

const X = p => gutter + (p - view.a) / (view.b - view.a) * (W - gutter);
const P = x => view.a + (x - gutter) / (W - gutter) * (view.b - view.a);
const Y = row => AXIS + (row + .5) * laneHeight - view.top;
const font = (size, weight) => `${weight || 400} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif`;

// dashes of those that did not get there.
const dashed = {ignored: [2, 3], discarded: [5, 3], failed: [3, 3], pending: [5, 3], unseen: [1, 3]};

// Drawn last is seen best: what is rare and bad.
const layers = ['handled', 'taken', 'ignored', 'continued', 'discarded', 'pending', 'unseen', 'stopped', 'coalesced', 'failed', 'dropped', 'overflow', 'terminated', 'dumped'];

// PART is how many shapes are one path: one of thousands takes longer than many short ones.
const PART = 64;

// marks draws what a verdict ends in, at points [x, y, d] that were reached in direction d: 1 is
// down. All are of one verdict: changing colours takes time, too.
const marks = (c, verdict, points, s) => {
	const each = (add, finish) => {
		points.forEach(([x, y, d], i) => {
			if (i % PART === 0) c.beginPath();
			add(x, y, d);
			if (i % PART === PART - 1 || i === points.length - 1) finish();
		});
	};
	const fill = () => c.fill(), stroke = () => c.stroke();
	const triangle = wide => (x, y, d) => { c.moveTo(x, y); c.lineTo(x - s * wide, y - d * s * 1.7); c.lineTo(x + s * wide, y - d * s * 1.7); c.closePath(); };
	const hollow = add => { c.fillStyle = colours.panel; each(add, () => { c.fill(); c.stroke(); }); };
	const thin = c.lineWidth;
	switch (verdict) {
	case 'handled': case 'continued': case 'taken':
		each(triangle(.8), fill);
		if (verdict === 'taken') each((x, y) => { c.moveTo(x - s, y); c.lineTo(x + s, y); }, stroke);
		break;
	case 'terminated': case 'dumped':
		if (verdict === 'dumped') hollow((x, y, d) => { c.moveTo(x + s * 1.45, y - d * s); c.arc(x, y - d * s, s * 1.45, 0, 7); });
		c.lineWidth = s * .48;
		each((x, y, d) => { y -= d * s; c.moveTo(x - s, y - s); c.lineTo(x + s, y + s); c.moveTo(x + s, y - s); c.lineTo(x - s, y + s); }, stroke);
		break;
	case 'stopped':
		for (const [x, y, d] of points) c.fillRect(x - s * .8, y - d * s * .8 - s * .8, s * 1.6, s * 1.6);
		break;
	case 'coalesced':
		hollow(triangle(.9));
		break;
	case 'overflow': case 'dropped': case 'failed':
		c.lineWidth = s * .42;
		each((x, y, d) => {
			c.moveTo(x - s * 1.1, y - d * 2); c.lineTo(x + s * 1.1, y - d * 2);
			if (verdict === 'overflow') { c.moveTo(x - s * 1.1, y - d * s * 1.1); c.lineTo(x + s * 1.1, y - d * s * 1.1); }
			if (verdict === 'failed') { c.moveTo(x - s * .8, y - d * 3 - s * .8); c.lineTo(x + s * .8, y - d * 3 + s * .8); }
		}, stroke);
		break;
	default: // ignored, discarded, pending, unseen
		hollow((x, y, d) => {
			if (verdict === 'pending') { c.rect(x - s * .75, y - d * s * .75 - s * .75, s * 1.5, s * 1.5); return; }
			y -= d * s * .8;
			c.moveTo(x + s * .8, y); c.arc(x, y, s * .8, 0, 7);
			if (verdict === 'discarded') { c.moveTo(x - s * .55, y + s * .55); c.lineTo(x + s * .55, y - s * .55); }
		});
	}
	c.lineWidth = thin;
};

// gather puts what is seen into groups that look the same.
const gather = () => {
	for (const grain of [1, 2, 4, 7]) if (collect(grain) <= CROWD) break;
};

// collect takes as one what is within a grain of pixels, and returns how many groups that makes.
const collect = grain => {
	const found = new Map(), n = rows.length + 2;
	let count = 0;
	for (const l of shown) {
		const x0 = X(l.p), x1 = l.q > l.p ? X(l.q) : x0;
		if (x1 < gutter - 8 || x0 > W + 8) continue;
		const a = l.from ? l.from.row : -1, b = l.to ? l.to.row : -1;
		const y0 = a < 0 ? Y(b) : Y(a), y1 = b < 0 ? y0 : Y(b);
		if (Math.max(y0, y1) < AXIS - 20 || Math.min(y0, y1) > H + 20) continue;
		count++;
		const key = (((Math.floor(x0 / grain) + 20) * n + a + 1) * n + b + 1) * 16 + l.verdict;
		const group = found.get(key);
		if (group) {
			group.count++;
			group.x1 = Math.max(group.x1, x1);
			if (l === selected) group.life = l;
			continue;
		}
		found.set(key, {life: l, count: 1, x0, x1, y0, y1, a, b});
	}
	root.dataset.drawn = count;
	groups = [...found.values()];
	return groups.length;
};

const direction = o => o.a === o.b || o.a < 0 || o.b < 0 ? 1 : Math.sign(o.y1 - o.y0);
const waits = o => o.x1 - o.x0 > 7;

// way adds the way of a group without its mark: a loop to the own lane, a stub without the other.
const way = (c, o) => {
	if (o.a === o.b) {
		const r = Math.min(9, laneHeight * .3);
		c.moveTo(o.x0, o.y0);
		c.bezierCurveTo(o.x0 - r * 1.6, o.y0 - r * 2.2, o.x0 + r * 1.6, o.y0 - r * 2.2, o.x0, o.y0);
		return;
	}
	c.moveTo(o.x0, o.a < 0 || o.b < 0 ? o.y0 - Math.min(14, laneHeight * .45) : o.y0);
	c.lineTo(o.x0, o.y1);
};

// paint draws groups of one verdict: bars of those that waited, ways, dots where they begin, marks.
const paint = (c, verdict, of, size, width, alpha) => {
	const dash = dashed[verdict] || [];
	c.strokeStyle = c.fillStyle = colours[verdict];
	c.lineWidth = width;
	c.globalAlpha = .28 * alpha;
	for (const o of of) if (waits(o)) c.fillRect(o.x0, o.y1 - size * .6, o.x1 - o.x0, size * 1.2);
	c.globalAlpha = alpha;
	c.setLineDash(dash);
	c.beginPath();
	let parts = 0;
	for (const o of of) {
		const w = Math.min(width * 3, width + Math.log2(o.count) * .45);
		if (dash.length || o.a === o.b || o.a < 0 || o.b < 0) {
			way(c, o);
			if (++parts % PART === 0) { c.stroke(); c.beginPath(); }
		} else c.fillRect(o.x0 - w / 2, Math.min(o.y0, o.y1), w, Math.abs(o.y1 - o.y0)); // far quicker than a path
	}
	c.stroke();
	c.setLineDash([]);
	c.globalAlpha = Math.min(1, alpha * 1.7);
	const dot = size * .8;
	for (const o of of) if (o.a >= 0 && o.a !== o.b) c.fillRect(o.x0 - dot / 2, o.y0 - dot / 2, dot, dot);
	const arrived = of.filter(waits).map(o => [o.x0, o.y1, direction(o)]);
	if (arrived.length) marks(c, 'handled', arrived, size * .7);
	const fatal = verdict === 'terminated' || verdict === 'dumped';
	marks(c, verdict, of.map(o => waits(o) ? [o.x1, o.y1 + (fatal ? size : size * .8), 1] : [o.x0, o.y1, direction(o)]), size);
	c.globalAlpha = 1;
};

const drawGroups = () => {
	const crowd = Math.min(1, Math.max(0, groups.length - 250) / 2000);
	const size = 5 - 1.6 * crowd, width = 1.5 - .6 * crowd, alpha = 1 - .45 * crowd;
	const by = Object.fromEntries(layers.map(v => [v, []]));
	for (const o of groups) by[verdicts[o.life.verdict]].push(o);
	for (const v of layers) if (by[v].length) paint(g, v, by[v], size, width, alpha);
};

// drawTop draws what the mouse is on, and what is chosen, over a veil: the picture below stays.
const drawTop = () => {
	fit(top, tg);
	tg.save();
	tg.beginPath(); tg.rect(gutter, AXIS, W - gutter, H - AXIS); tg.clip();
	const focus = groups.filter(o => o === hovered || o.life === selected);
	if (focus.length) { tg.fillStyle = colours.panel; tg.globalAlpha = .5; tg.fillRect(gutter, AXIS, W, H); }
	for (const o of focus) {
		const verdict = verdicts[o.life.verdict];
		tg.lineWidth = 9; tg.globalAlpha = .25; tg.strokeStyle = colours[verdict];
		tg.beginPath(); way(tg, o); tg.stroke();
		tg.globalAlpha = 1;
		paint(tg, verdict, [o], 6, 2.4, 1);
		tg.font = font(12, 600); tg.textBaseline = 'middle';
		label(tg, o);
	}
	if (box) { tg.fillStyle = colours.accent; tg.globalAlpha = .15; tg.fillRect(Math.min(box.x, box.to), AXIS, Math.abs(box.to - box.x), H); }
	tg.restore();
};

// halo writes a text that can be read over lines.
const halo = (c, text, x, y, colour) => {
	c.lineWidth = 3.5; c.lineJoin = 'round'; c.strokeStyle = colours.panel; c.globalAlpha = .85;
	c.strokeText(text, x, y);
	c.globalAlpha = 1; c.fillStyle = colour;
	c.fillText(text, x, y);
};

const drawLanes = () => {
	g.font = font(11);
	for (const l of rows) {
		const y = Y(l.row);
		if (y + laneHeight < AXIS || y - laneHeight > H) continue;
		if (l.row % 2 === 0) { g.fillStyle = colours.stripe; g.fillRect(gutter, y - laneHeight / 2, W - gutter, laneHeight); }
		const x0 = Math.max(gutter, X(scale.position(l.task ? l.first : start)));
		const x1 = Math.min(W, l.ended ? X(scale.position(l.last)) : W);
		if (x1 < x0) continue;
		g.strokeStyle = colours.life; g.lineWidth = l.task ? 2 : 1;
		g.beginPath(); g.moveTo(x0, y); g.lineTo(x1, y); g.stroke();
	}
	g.lineWidth = 1.6; g.strokeStyle = colours.dim;
	g.beginPath();
	for (const l of rows) {
		const y = Y(l.row);
		if (y < AXIS - 10 || y > H + 10) continue;
		for (const t of l.exits) {
			const x = X(scale.position(t));
			if (x < gutter || x > W) continue;
			g.moveTo(x - 4, y - 4); g.lineTo(x + 4, y + 4); g.moveTo(x + 4, y - 4); g.lineTo(x - 4, y + 4);
		}
	}
	g.stroke();
};

const drawEvents = () => {
	g.strokeStyle = g.fillStyle = colours.dim; g.lineWidth = 1; g.font = font(10); g.textBaseline = 'middle';
	const seen = events.filter(e => e.lane && e.lane.row >= 0 && e.kind !== 'exit').map(e => ({e, x: X(scale.position(e.t)), y: Y(e.lane.row)}))
		.filter(({x, y}) => x >= gutter && x <= W && y >= AXIS && y <= H + 10);
	if (seen.length > 1500) return;
	const room = new Map(); // where the next text may begin
	for (const {e, x, y} of seen) {
		if (e.childLane && e.childLane.row >= 0) {
			g.setLineDash([1, 3]); g.beginPath(); g.moveTo(x, y); g.lineTo(x, Y(e.childLane.row)); g.stroke(); g.setLineDash([]);
		}
		g.beginPath(); g.moveTo(x, y - 4); g.lineTo(x + 4, y); g.lineTo(x, y + 4); g.lineTo(x - 4, y); g.closePath();
		if (e.kind === 'exec') g.fill(); else g.stroke();
		if (e.kind !== 'exec' || laneHeight < 36 || seen.length > 80) continue;
		const text = 'exec ' + e.text.split('/').pop().slice(0, 18);
		if (x < (room.get(e.lane) || 0)) continue;
		room.set(e.lane, x + g.measureText(text).width + 14);
		g.fillText(text, x + 6, y + laneHeight / 2 - 7);
	}
};

// label writes a signal's name beside its mark, and how many there are.
const named = o => o.life.signal.replace(/^SIG/, '') + (o.count > 1 ? ' ×' + number(o.count) : '');
const label = (c, o) => {
	const up = Math.min(15, laneHeight * .36);
	const y = o.a === o.b ? o.y0 - up : o.b < 0 ? o.y0 - 10 : o.y1 - direction(o) * up;
	halo(c, named(o), o.x0 + (o.a === o.b ? 9 : 7), y, colours[verdicts[o.life.verdict]]);
};

// drawLabels writes them where there is room until the next one.
const drawLabels = () => {
	if (laneHeight < 26) return;
	g.font = font(11, 500);
	g.textBaseline = 'middle';
	const waiting = new Map();
	const write = (o, room) => { if (g.measureText(named(o)).width + 12 <= room) label(g, o); };
	for (const o of groups) {
		const key = (o.b < 0 ? o.a : o.b) * 2 + (direction(o) > 0 ? 1 : 0), before = waiting.get(key);
		if (before) write(before, o.x0 - before.x0);
		waiting.set(key, o);
	}
	for (const o of waiting.values()) write(o, W - o.x0);
};

const drawAxis = () => {
	g.fillStyle = colours.panel; g.fillRect(0, 0, W, AXIS);
	g.font = font(11); g.textBaseline = 'middle'; g.textAlign = 'center';
	for (const t of ticks(W - gutter)) {
		const x = X(t.p);
		if (x < gutter - 1) continue;
		g.fillStyle = colours.dim;
		const half = g.measureText(t.text).width / 2 + 4;
		g.fillText(t.text, Math.max(gutter + half, Math.min(W - half, x)), 13);
	}
	const wide = (W - gutter) / (view.b - view.a);
	if (scale.steps && wide > 58) {
		g.font = font(10);
		for (let i = Math.max(0, Math.floor(view.a)); i + 1 < scale.moments.length && i < view.b; i++) {
			g.fillStyle = colours.ink;
			g.fillText('+' + duration(scale.moments[i + 1] - scale.moments[i]), X(i + .5), 27);
		}
	}
	g.textAlign = 'left';
	g.strokeStyle = colours.line; g.lineWidth = 1;
	g.beginPath(); g.moveTo(0, AXIS - .5); g.lineTo(W, AXIS - .5); g.stroke();
};

const drawGutter = () => {
	g.fillStyle = colours.panel; g.fillRect(0, 0, gutter, H);
	g.save();
	g.beginPath(); g.rect(0, AXIS, gutter - 8, H - AXIS); g.clip();
	g.textBaseline = 'middle';
	for (const l of rows) {
		const y = Y(l.row);
		if (y + laneHeight < AXIS || y - laneHeight > H) continue;
		const on = hoveredLane === l || chosen.process === String(l.key);
		if (on) { g.fillStyle = colours.stripe; g.fillRect(0, y - laneHeight / 2, gutter, laneHeight); }
		g.font = font(13, l.task ? 600 : 400);
		g.fillStyle = on ? colours.accent : l.task ? colours.ink : colours.dim;
		g.fillText(l.comm || '?', 14, y);
		const width = g.measureText(l.comm || '?').width;
		if (!l.task) continue;
		g.font = font(12); g.fillStyle = colours.dim;
		g.fillText(l.pid + (l.task.ns > 0 && l.task.ns !== l.pid ? ` (${l.task.ns})` : ''), 21 + width, y);
	}
	g.restore();
	g.strokeStyle = colours.line; g.beginPath(); g.moveTo(gutter - .5, 0); g.lineTo(gutter - .5, H); g.stroke();
	g.font = font(11); g.fillStyle = colours.dim; g.fillText('process', 14, 13);
};

const drawScrollbar = () => {
	const all = rows.length * laneHeight, seen = H - AXIS;
	if (all <= seen + 1) return;
	g.fillStyle = colours.life; g.globalAlpha = .7;
	g.beginPath(); g.roundRect(W - 8, AXIS + view.top / all * seen, 5, Math.max(20, seen / all * seen), 3); g.fill();
	g.globalAlpha = 1;
};

const drawOver = () => {
	const [w, h] = fit(over, og), width = w - gutter;
	if (width < 10) return;
	const bins = Array.from({length: Math.ceil(width / 2)}, () => null), all = scale.hi - scale.lo;
	let most = 1;
	for (const l of shown) {
		const i = Math.min(bins.length - 1, Math.max(0, Math.floor((l.p - scale.lo) / all * bins.length)));
		const bin = bins[i] || (bins[i] = {n: 0, of: new Uint32Array(verdicts.length)});
		bin.n++;
		bin.of[l.verdict < 0 ? 13 : l.verdict]++;
		most = Math.max(most, bin.n);
	}
	bins.forEach((bin, i) => {
		if (!bin) return;
		const full = Math.max(3, Math.sqrt(bin.n / most) * (h - 10));
		let y = h - 3;
		for (let v = 0; v < verdicts.length; v++) {
			if (!bin.of[v]) continue;
			const part = full * bin.of[v] / bin.n;
			og.fillStyle = colours[verdicts[v]];
			og.fillRect(gutter + i * 2, y - part, 1.6, part);
			y -= part;
		}
	});
	const x0 = gutter + (view.a - scale.lo) / all * width, x1 = gutter + (view.b - scale.lo) / all * width;
	og.fillStyle = colours.bg; og.globalAlpha = .75;
	og.fillRect(gutter, 0, x0 - gutter, h); og.fillRect(x1, 0, w - x1, h);
	og.globalAlpha = 1;
	og.strokeStyle = colours.accent; og.lineWidth = 1.5;
	og.strokeRect(Math.max(gutter, x0) + .75, .75, Math.max(2, Math.min(x1, w) - Math.max(gutter, x0) - 1.5), h - 1.5);
	og.fillStyle = colours.dim; og.font = font(11); og.textBaseline = 'middle';
	og.fillText('all of it', 14, h / 2);
};

const draw = () => {
	const begun = performance.now();
	[W, H] = fit(canvas, g);
	hovered = null;
	gutter = Math.min(Math.max(120, W * .17), 210);
	laneHeight = Math.max(LEAST, Math.min(MOST, (H - AXIS) / Math.max(rows.length, 1)));
	view.top = Math.max(0, Math.min(view.top, rows.length * laneHeight - (H - AXIS)));
	gather();
	g.save();
	g.beginPath(); g.rect(gutter, 0, W - gutter, H); g.clip();
	drawLanes();
	g.strokeStyle = colours.grid; g.lineWidth = 1;
	g.beginPath();
	for (const t of ticks(W - gutter)) { const x = Math.round(X(t.p)) + .5; g.moveTo(x, AXIS); g.lineTo(x, H); }
	g.stroke();
	drawEvents();
	drawGroups();
	drawLabels();
	if (!shown.length) {
		g.fillStyle = colours.dim; g.font = font(15); g.textAlign = 'center';
		g.fillText(lives.length ? 'No signal fits the filter.' : 'The trace has no signals.', (W + gutter) / 2, H / 2); g.textAlign = 'left';
	}
	g.restore();
	drawAxis(); drawGutter(); drawScrollbar(); drawOver(); drawTop();
	const from = Math.max(0, scale.time(view.a) - start), length = Math.min(scale.time(view.b), finish) - start - from;
	$('range').textContent = `${duration(length)} ${from > 0 ? 'from ' + duration(from) : 'from the start'}`;
	root.dataset.frame = (performance.now() - begun).toFixed(1);
	root.dataset.groups = groups.length;
};

let asked = false;
const redraw = () => {
	if (asked) return;
	asked = true;
	requestAnimationFrame(() => { asked = false; draw(); });
};

// at finds what is drawn at a point.
const at = (x, y) => {
	let best = null, near = 7;
	for (const o of groups) {
		let d;
		if (o.a === o.b) d = Math.hypot(x - o.x0, y - (o.y0 - 8)) - 8;
		else if (o.a < 0 || o.b < 0) d = Math.hypot(x - o.x0, y - (o.y0 - 6)) - 4;
		else d = y < Math.min(o.y0, o.y1) - 5 || y > Math.max(o.y0, o.y1) + 5 ? 99 : Math.abs(x - o.x0);
		if (waits(o) && Math.abs(y - o.y1) < 7 && x >= o.x0 && x <= o.x1 + 6) d = Math.min(d, 4);
		if (d < near) { near = d; best = o; }
	}
	return best;
};
