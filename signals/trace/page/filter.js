// What is shown: the filter's words, the two lists, and the verdicts of the legend.

const chosen = {filter: '', signal: '', process: '', hidden: new Set()};
let shown = [];

const units = {ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9};
const strip = s => s.replace(/^sig/, '');
const isTask = (task, v) => /^\d+$/.test(v) ? task.pid === +v || task.ns === +v : task.comm.toLowerCase().includes(v);
const isSender = (l, v) => l.flags & KERNEL ? v === 'kernel' : isTask(l.sender, v);

// Each takes a life and one value in lower case.
const places = {
	signal: (l, v) => strip(l.signal.toLowerCase()) === strip(v),
	verdict: (l, v) => verdicts[l.verdict].startsWith(v),
	from: isSender,
	to: (l, v) => isTask(l.target, v),
	process: (l, v) => isSender(l, v) || isTask(l.target, v),
	uid: (l, v) => l.sender.uid === +v || l.target.uid === +v,
	cgroup: (l, v) => (l.sender.cgroup + '\n' + l.target.cgroup).toLowerCase().includes(v),
	detail: (l, v) => l.detail.toLowerCase().includes(v),
};
places.sig = places.signal;
places.pid = places.process;

// words makes tests of the filter's text.
const words = text => (text.toLowerCase().match(/\S+/g) || []).map(word => {
	const not = word.length > 1 && (word[0] === '-' || word[0] === '!');
	if (not) word = word.slice(1);
	let test;
	const latency = /^latency([<>])([\d.]+)(ns|us|µs|ms|s)?$/.exec(word);
	const colon = word.indexOf(':');
	const where = places[word.slice(0, Math.max(colon, 0))];
	if (latency) {
		const limit = latency[2] * units[latency[3] || 'ns'];
		test = latency[1] === '>' ? l => l.latency > limit : l => l.latency > 0 && l.latency < limit;
	} else if (where) {
		const values = word.slice(colon + 1).split(',').filter(v => v !== '');
		test = l => values.length === 0 || values.some(v => where(l, v));
	} else {
		test = l => l.text.includes(word);
	}
	return not ? l => !test(l) : test;
});

// choose finds what is shown, and the lanes that it needs.
const choose = () => {
	const tests = words(chosen.filter);
	if (chosen.signal) tests.push(l => l.signal === chosen.signal);
	if (chosen.process) tests.push(l => (l.from && String(l.from.key) === chosen.process) || (l.to && String(l.to.key) === chosen.process));
	shown = lives.filter(l => !chosen.hidden.has(verdicts[l.verdict]) && tests.every(t => t(l)));
	const used = new Set();
	for (const l of shown) {
		if (l.from) used.add(l.from);
		if (l.to) used.add(l.to);
	}
	rows = [...used].sort((a, b) => (a.key === 'kernel' ? -1 : b.key === 'kernel' ? 1 : a.first - b.first));
	for (const l of lanes.values()) l.row = -1;
	rows.forEach((l, i) => { l.row = i; });
	if (selected && !shown.includes(selected)) select(null);
	scale.build();
	root.dataset.shown = shown.length;
	root.dataset.shownArrows = shown.filter(arrow).length;
	root.dataset.lanes = rows.length;
	status();
};
let rows = [];

const status = () => {
	let text = shown.length === lives.length ? `${number(lives.length)} signals` : `${number(shown.length)} of ${number(lives.length)} signals`;
	text += `, ${number(rows.length)} processes`;
	if (selected) text += ` · signal ${number(shown.indexOf(selected) + 1)} is chosen`;
	$('status').textContent = text;
};
