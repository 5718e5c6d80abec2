// The page around the picture: what is told of a signal, mouse, keys, lists, the address.

const fields = (l, all) => {
	const dl = el('dl', undefined, 'fields');
	const add = (word, text) => { if (text !== '' && text !== undefined && text !== null) dl.append(el('dt', word), el('dd', String(text))); };
	const task = (word, t, who) => {
		dl.append(el('div', word, 'head'));
		add('process', who);
		if (!all) return;
		if (t.uid >= 0) add('uid', t.uid);
		if (t.ns >= 0 && t.ns !== t.pid) add('pid in its namespace', t.ns);
		add('cgroup', t.cgroup);
	};
	add('sent', `${duration(l.t - start)} after the first`);
	if (all) add('', date(l.t));
	add('how', `${l.how} (si_code ${l.code})`);
	if (l.value !== null) add('value', `${l.value} = 0x${BigInt(l.value).toString(16)}`);
	add('for', l.flags & GROUP ? 'the process' : 'the thread ' + l.target.tid);
	add('detail', l.detail);
	add('handler', l.handler);
	if (l.latency > 0) add('delivered after', duration(l.latency));
	if (l.flags & BLOCKED) add('blocked', 'yes, when it was sent');
	if (l.flags & INFOLOST) add('siginfo', 'lost: the queue was full');
	if (l.exit) add('then', `${l.exit.text} after ${duration(l.exit.after)}`);
	task('Sender', l.sender, origin(l));
	task('Target', l.target, name(l.target));
	return dl;
};

// date is the time of the day, UTC, with microseconds.
const date = t => {
	const ms = Date.parse(header.begun || 0) + t / 1e6, whole = Math.floor(ms);
	return new Date(whole).toISOString().replace('T', ' ').slice(0, -1) + String(Math.floor((ms - whole) * 1000)).padStart(3, '0') + ' UTC';
};

const heading = l => {
	const h = el('h2', l.signal + ' '), v = el('span', verdicts[l.verdict], 'verdict');
	v.style.color = `var(--${verdicts[l.verdict]})`;
	h.append(v);
	return h;
};

const select = l => {
	selected = l;
	const box = $('detail');
	box.hidden = !l;
	root.dataset.selected = l ? l.i : '';
	if (l) {
		const close = el('button', '×', 'close');
		close.setAttribute('aria-label', 'close');
		close.onclick = () => { select(null); canvas.focus(); };
		box.replaceChildren(close, heading(l), el('div', meaning[verdicts[l.verdict]]), fields(l, true));
	}
	status();
	redraw();
};

// bring makes a signal seen.
const bring = l => {
	const width = view.b - view.a;
	if (l.p < view.a + width * .02 || l.p > view.b - width * .02) { view.a = l.p - width / 2; view.b = l.p + width / 2; scale.clamp(); }
	const row = (l.to || l.from || {row: 0}).row, y = Y(row);
	if (y < AXIS + laneHeight / 2 || y > H - laneHeight / 2) view.top = row * laneHeight - (H - AXIS) / 2;
};
const go = i => {
	if (!shown.length) return;
	const l = shown[Math.max(0, Math.min(shown.length - 1, i))];
	bring(l);
	select(l);
};

const tell = (o, x, y) => {
	const tip = $('tip');
	tip.hidden = !o;
	if (!o) return;
	const parts = [heading(o.life), fields(o.life, false)];
	if (o.count > 1) parts.push(el('p', `and ${number(o.count - 1)} more like it here: zoom in`, 'more'));
	tip.replaceChildren(...parts);
	const w = tip.offsetWidth, h = tip.offsetHeight;
	tip.style.left = (x + 18 + w > innerWidth ? Math.max(4, x - w - 14) : x + 18) + 'px';
	tip.style.top = Math.max(4, Math.min(y + 14, innerHeight - h - 6)) + 'px';
};

// change shows what was chosen, and puts it into the address, so that it can be kept.
const change = () => {
	choose();
	const words = new URLSearchParams();
	if (chosen.filter) words.set('filter', chosen.filter);
	if (chosen.signal) words.set('signal', chosen.signal);
	if (chosen.process) words.set('process', chosen.process);
	if (chosen.hidden.size) words.set('hide', [...chosen.hidden].join(','));
	if (scale.steps) words.set('scale', 'steps');
	try { history.replaceState(null, '', '#' + words); } catch { /* some browsers do not let a file do that */ }
	show();
};

// show makes the controls say what is chosen.
const show = () => {
	if ($('filter').value !== chosen.filter) $('filter').value = chosen.filter;
	$('signal').value = chosen.signal;
	$('process').value = chosen.process;
	$('byTime').setAttribute('aria-pressed', !scale.steps);
	$('bySteps').setAttribute('aria-pressed', scale.steps);
	for (const b of $('legend').children) b.setAttribute('aria-pressed', !chosen.hidden.has(b.dataset.verdict));
	redraw();
};

// address takes what the fragment of the address says.
const address = () => {
	const words = new URLSearchParams(location.hash.slice(1));
	chosen.filter = words.get('filter') || '';
	chosen.signal = words.get('signal') || '';
	chosen.process = words.get('process') || '';
	chosen.hidden = new Set((words.get('hide') || '').split(',').filter(v => verdicts.includes(v)));
	scale.steps = words.get('scale') === 'steps';
	if (words.get('theme')) root.dataset.theme = words.get('theme') === 'dark' ? 'dark' : 'light';
	theme();
	choose();
	scale.fit();
	if (words.has('from') && words.has('to')) { // nanoseconds since the first
		view.a = scale.position(start + +words.get('from'));
		view.b = scale.position(start + +words.get('to'));
		scale.clamp();
	}
	show();
	draw();
	if (words.has('select')) go(+words.get('select'));
	if (words.has('help')) $('help').showModal();
	draw();
	if (words.has('hover')) { // the signal with this number, as if the mouse were there
		hovered = groups.find(o => o.life === shown[+words.get('hover')]) || null;
		if (hovered) tell(hovered, hovered.x0, hovered.y1 + canvas.getBoundingClientRect().top);
		drawTop();
	}
};

const swatch = verdict => {
	const c = el('canvas'), ratio = devicePixelRatio || 1;
	c.width = c.height = 18 * ratio;
	c.style.width = c.style.height = '18px';
	const k = c.getContext('2d');
	k.scale(ratio, ratio);
	k.strokeStyle = k.fillStyle = colours[verdict];
	k.lineWidth = 1.4;
	k.setLineDash(dashed[verdict] || []);
	k.beginPath(); k.moveTo(9, 0); k.lineTo(9, 14); k.stroke();
	k.setLineDash([]);
	marks(k, verdict, [[9, 16, 1]], 4.6);
	return c;
};

const legend = () => {
	const of = {};
	for (const l of lives) of[verdicts[l.verdict]] = (of[verdicts[l.verdict]] || 0) + 1;
	root.dataset.verdicts = JSON.stringify(of);
	$('legend').replaceChildren(...verdicts.filter(v => of[v]).map(v => {
		const b = el('button');
		b.type = 'button';
		b.dataset.verdict = v;
		b.title = meaning[v];
		b.append(swatch(v), v + ' ', el('b', number(of[v])));
		b.onclick = e => {
			if (e.shiftKey) {
				const others = verdicts.filter(o => of[o] && o !== v), alone = others.every(o => chosen.hidden.has(o));
				chosen.hidden = new Set(alone ? [] : others);
			} else if (!chosen.hidden.delete(v)) chosen.hidden.add(v);
			change();
		};
		return b;
	}));
	$('marks').replaceChildren(...verdicts.map(v => {
		const d = el('div');
		d.append(swatch(v), el('b', v), el('span', meaning[v]));
		return d;
	}));
};

const lists = () => {
	const fill = (select, all, counted) => {
		const options = [...counted].sort((a, b) => b[1].n - a[1].n).slice(0, 2000).map(([key, v]) => {
			const o = el('option', `${v.text} · ${number(v.n)}`);
			o.value = key;
			return o;
		});
		const first = el('option', all);
		first.value = '';
		select.replaceChildren(first, ...options);
	};
	const signals = new Map(), processes = new Map();
	const count = (map, key, text) => {
		const v = map.get(key) || {n: 0, text};
		v.n++;
		map.set(key, v);
	};
	for (const l of lives) {
		count(signals, l.signal, l.signal);
		for (const p of new Set([l.from, l.to])) if (p) count(processes, String(p.key), p.task ? `${p.comm} ${p.pid}` : p.comm);
	}
	fill($('signal'), 'all signals', signals);
	fill($('process'), 'all processes', processes);
};

const titles = () => {
	const c = counts || {}, facts = [];
	$('what').textContent = header.what || '';
	document.title = 'Signals: ' + (header.what || header.host || '');
	if (header.host) facts.push(`on ${header.host}`);
	if (header.begun) facts.push('at ' + header.begun.replace('T', ' ').replace(/\.\d+/, ''));
	if (header.kernel) facts.push('Linux ' + header.kernel);
	if (c.backend || header.backend) facts.push('by ' + (c.backend || header.backend));
	facts.push(`${number(lives.length)} signals in ${duration(finish - start)}`);
	$('facts').textContent = facts.join(' · ');
	const trouble = [];
	const drops = c.drops ? c.drops.generate + c.drops.deliver + c.drops.other : 0;
	if (drops) trouble.push(`${number(drops)} records were lost, as they came faster than they were read: some signals are missing, or their end is.`);
	if (!counts || c.cut) trouble.push('The trace has no end: the tracer was killed, or the recording was cut.');
	if (c.lives > lives.length) trouble.push(`Only the first ${number(lives.length)} of ${number(c.lives)} signals are here: choose with --signal, --from or --to.`);
	$('trouble').textContent = trouble.join(' ');
	$('trouble').hidden = !trouble.length;
};

const mouse = () => {
	let drag = null;
	const local = e => { const r = canvas.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
	const laneAt = (x, y) => x < gutter && y > AXIS ? rows[Math.floor((y - AXIS + view.top) / laneHeight)] || null : null;
	canvas.onpointerdown = e => {
		const [x, y] = local(e);
		canvas.setPointerCapture(e.pointerId);
		drag = {x, y, a: view.a, b: view.b, top: view.top, moved: false, choose: e.shiftKey && x > gutter};
	};
	canvas.onpointermove = e => {
		const [x, y] = local(e);
		if (drag) {
			drag.moved = drag.moved || Math.abs(x - drag.x) + Math.abs(y - drag.y) > 4;
			if (!drag.moved) return;
			tell(null);
			if (drag.choose) box = {x: drag.x, to: x};
			else {
				const d = (drag.x - x) / (W - gutter) * (drag.b - drag.a);
				view.a = drag.a + d;
				view.b = drag.b + d;
				scale.clamp();
				view.top = drag.top + drag.y - y;
				canvas.classList.add('drag');
			}
			return redraw();
		}
		const l = laneAt(x, y), o = l || x < gutter ? null : at(x, y);
		canvas.classList.toggle('over', Boolean(l || o));
		if (l !== hoveredLane) { hoveredLane = l; redraw(); }
		if (o !== hovered) { hovered = o; drawTop(); }
		tell(o, e.clientX, e.clientY);
	};
	canvas.onpointerup = e => {
		const [x, y] = local(e), was = drag;
		drag = null;
		canvas.classList.remove('drag');
		if (!was) return;
		if (box) {
			const [a, b] = [P(Math.min(box.x, box.to)), P(Math.max(box.x, box.to))];
			box = null;
			view.a = a; view.b = b;
			scale.clamp();
		} else if (!was.moved) {
			const l = laneAt(x, y), o = x < gutter ? null : at(x, y);
			if (l) { chosen.process = chosen.process === String(l.key) ? '' : String(l.key); change(); }
			else select(o ? o.life : null);
		}
		redraw();
	};
	canvas.onpointercancel = () => { drag = box = null; redraw(); };
	canvas.onpointerleave = () => { if (!drag) { hovered = hoveredLane = null; tell(null); redraw(); } };
	canvas.ondblclick = e => { const [x] = local(e); if (x > gutter) { scale.zoom(.4, P(x)); redraw(); } };
	canvas.addEventListener('wheel', e => {
		e.preventDefault();
		const [x] = local(e), unit = e.deltaMode === 1 ? 30 : 1;
		if (x < gutter) view.top += e.deltaY * unit;
		else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) scale.pan((e.deltaX || e.deltaY) * unit / (W - gutter));
		else scale.zoom(Math.exp(Math.max(-.8, Math.min(.8, e.deltaY * unit * .003))), P(x));
		tell(null);
		redraw();
	}, {passive: false});
	overview();
};

const overview = () => {
	let from = null;
	const position = e => {
		const r = over.getBoundingClientRect();
		return scale.lo + Math.max(0, Math.min(1, (e.clientX - r.left - gutter) / (r.width - gutter))) * (scale.hi - scale.lo);
	};
	over.onpointerdown = e => {
		over.setPointerCapture(e.pointerId);
		const p = position(e), inside = p > view.a && p < view.b && !scale.whole();
		from = {p, a: view.a, b: view.b, inside};
	};
	over.onpointermove = e => {
		if (!from) return;
		const p = position(e);
		if (from.inside) { view.a = from.a + p - from.p; view.b = from.b + p - from.p; }
		else if (p !== from.p) { view.a = Math.min(p, from.p); view.b = Math.max(p, from.p); }
		scale.clamp();
		redraw();
	};
	over.onpointerup = e => {
		if (from && position(e) === from.p && !from.inside) { const w = view.b - view.a; view.a = from.p - w / 2; view.b = from.p + w / 2; scale.clamp(); redraw(); }
		from = null;
	};
	over.ondblclick = () => { scale.fit(); redraw(); };
};

const middle = () => selected && selected.p > view.a && selected.p < view.b ? selected.p : (view.a + view.b) / 2;
const steps = on => { scale.steps = on; view.a = scale.lo; view.b = scale.hi; change(); scale.fit(); if (selected) bring(selected); redraw(); };
const turn = () => { root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark'; theme(); legend(); show(); };

const actions = {
	'+': () => scale.zoom(.6, middle()), '=': () => scale.zoom(.6, middle()), '-': () => scale.zoom(1 / .6, middle()),
	'0': () => { scale.fit(); view.top = 0; },
	ArrowLeft: () => scale.pan(-.15), ArrowRight: () => scale.pan(.15),
	ArrowDown: () => go(selected ? shown.indexOf(selected) + 1 : Math.max(0, shown.findIndex(l => l.p >= view.a))), ArrowUp: () => go(selected ? shown.indexOf(selected) - 1 : 0),
	Home: () => go(0), End: () => go(shown.length - 1),
	PageDown: () => { view.top += (H - AXIS) * .8; }, PageUp: () => { view.top -= (H - AXIS) * .8; },
	Enter: () => { if (!selected) return; const w = Math.max((selected.q - selected.p) * 4, (scale.hi - scale.lo) / 2000, scale.steps ? 12 : 0); view.a = selected.p - w / 2; view.b = selected.p + w / 2; scale.clamp(); bring(selected); },
	'/': () => { $('filter').focus(); $('filter').select(); },
	s: () => steps(!scale.steps), t: turn, '?': () => $('help').showModal(),
	Escape: () => {
		if (selected) return select(null);
		chosen.filter = chosen.signal = chosen.process = '';
		chosen.hidden.clear();
		change();
	},
};

const keys = () => {
	addEventListener('keydown', e => {
		if (e.ctrlKey || e.metaKey || e.altKey || $('help').open) return;
		const writes = e.target.matches('input, select'), presses = e.target.matches('button') && (e.key === 'Enter' || e.key === ' ');
		if (writes && e.key === 'Escape') { e.target.blur(); canvas.focus(); e.preventDefault(); return; }
		if (writes || presses) return;
		const action = actions[e.key];
		if (!action) return;
		e.preventDefault();
		tell(null);
		action();
		redraw();
	});
	let wait = 0;
	$('filter').oninput = () => { clearTimeout(wait); wait = setTimeout(() => { chosen.filter = $('filter').value; change(); }, lives.length > 20000 ? 150 : 30); };
	$('bar').onsubmit = e => { e.preventDefault(); canvas.focus(); };
	$('signal').onchange = () => { chosen.signal = $('signal').value; change(); };
	$('process').onchange = () => { chosen.process = $('process').value; change(); };
	$('byTime').onclick = () => steps(false);
	$('bySteps').onclick = () => steps(true);
	$('in').onclick = () => { actions['+'](); redraw(); };
	$('out').onclick = () => { actions['-'](); redraw(); };
	$('fit').onclick = () => { actions['0'](); redraw(); };
	$('theme').onclick = turn;
	$('ask').onclick = () => $('help').showModal();
};

addEventListener('DOMContentLoaded', () => {
	const dark = matchMedia('(prefers-color-scheme: dark)');
	root.dataset.theme = dark.matches ? 'dark' : 'light';
	dark.addEventListener('change', () => { root.dataset.theme = dark.matches ? 'dark' : 'light'; theme(); legend(); show(); });
	read($('data').textContent);
	arrange();
	theme();
	titles();
	lists();
	mouse();
	keys();
	address();
	legend();
	show();
	new ResizeObserver(redraw).observe($('stage'));
	addEventListener('hashchange', address);
	root.dataset.signals = lives.length;
	root.dataset.arrows = lives.filter(arrow).length;
	root.dataset.ready = 'yes';
});
