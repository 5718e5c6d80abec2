// What the trace has: lives (signals), lanes (processes), events. See page.go for the lines.

const root = document.documentElement;
const $ = id => document.getElementById(id);
const el = (tag, text, className) => {
	const e = document.createElement(tag);
	if (text !== undefined) e.textContent = text;
	if (className) e.className = className;
	return e;
};

// Tests read what went wrong from the document.
let errors = 0;
const wrong = message => { root.dataset.errors = ++errors; root.dataset.error = message; };
root.dataset.errors = 0;
addEventListener('error', e => wrong(e.message));
addEventListener('unhandledrejection', e => wrong(String(e.reason)));

const verdicts = ['handled', 'taken', 'terminated', 'dumped', 'stopped', 'continued', 'ignored', 'discarded', 'coalesced',
	'overflow', 'dropped', 'failed', 'pending', 'unseen'];
const meaning = {
	handled: 'a handler ran', taken: 'sigtimedwait or signalfd took it', terminated: 'it ended the process',
	dumped: 'it ended the process, with a core dump', stopped: 'it stopped the process', continued: 'it ended a stop',
	ignored: 'ignored when it was sent', discarded: 'waited, and was ignored or taken back later', coalesced: 'merged with one that waited already',
	overflow: 'the queue was full: the sender got EAGAIN', dropped: 'kept from the init of a PID namespace', failed: 'the call failed',
	pending: 'still waits at the end', unseen: 'how it ended was not recorded',
};

let header = {}, counts = null;
const tasks = [], texts = [], lives = [], events = [];

// Bits of a life's flags.
const GROUP = 1, BLOCKED = 2, INFOLOST = 4, KERNEL = 8;

// read takes the lines. The last one is incomplete if the tracer was killed.
const read = text => {
	for (const line of text.split('\n')) {
		if (line === '') continue;
		let v;
		try { v = JSON.parse(line); } catch { break; }
		if (Array.isArray(v)) {
			switch (v[0]) {
			case 't': tasks.push({pid: v[1], tid: v[2], comm: v[3], uid: v[4], ns: v[5], cgroup: v[6]}); break;
			case 's': texts.push(v[1]); break;
			case 'l': lives.push(life(v)); break;
			case 'e': events.push({t: v[1], kind: texts[v[2]], task: tasks[v[3]], child: tasks[v[4]], text: texts[v[5]]}); break;
			}
		} else if (v.header) header = v.header;
		else if (v.counts) counts = v.counts;
	}
};

const life = v => ({
	t: v[1], signal: texts[v[2]], code: v[3], how: texts[v[4]], value: v[5], sender: tasks[v[6]], target: tasks[v[7]], verdict: verdicts.indexOf(texts[v[8]]),
	detail: texts[v[9]], latency: v[10], exit: v[11], flags: v[12], handler: texts[v[13]], end: v[1] + v[10], from: null, to: null,
});

// Lanes: one for each process, by pid, one for the kernel, one for what has no process that is known.
const lanes = new Map();
const lane = (key, comm, task, t) => {
	let l = lanes.get(key);
	if (!l) {
		l = {key, pid: task ? task.pid : 0, comm, names: [], task, first: t, last: t, exits: [], row: -1};
		lanes.set(key, l);
	}
	l.first = Math.min(l.first, t);
	l.last = Math.max(l.last, t);
	if (comm && l.names[l.names.length - 1] !== comm) {
		if (!l.names.includes(comm)) l.names.push(comm);
		l.comm = comm;
	}
	return l;
};
const laneOf = (task, t) => task.pid > 0 || (task.pid === 0 && task.comm) ? lane(task.pid, task.comm, task, t) : null;

let start = 0, finish = 1;

// arrange makes lanes of what was read, in the order of time.
const arrange = () => {
	lives.sort((a, b) => a.t - b.t);
	start = Infinity; finish = -Infinity;
	const seen = t => { if (t < start) start = t; if (t > finish) finish = t; };
	lives.forEach((l, i) => {
		l.i = i;
		l.from = l.flags & KERNEL ? lane('kernel', 'kernel', null, l.t) : laneOf(l.sender, l.t);
		// A call that failed may have named a pid that nobody has.
		l.to = verdicts[l.verdict] === 'failed' && !l.target.comm && !lanes.has(l.target.pid) ? null : laneOf(l.target, l.end);
		if (!l.from && !l.to) l.from = lane('unknown', 'unknown', null, l.t);
		seen(l.t); seen(l.end);
		if (l.exit && l.to) {
			const t = l.t + l.exit.after;
			if (!l.to.exits.includes(t)) l.to.exits.push(t);
			l.to.last = Math.max(l.to.last, t);
			seen(t);
		}
	});
	for (const e of events) {
		e.lane = laneOf(e.task, e.t);
		if (e.child) e.childLane = laneOf(e.child, e.t);
		if (e.kind === 'exit' && e.lane && !e.lane.exits.length) e.lane.exits.push(e.t);
		seen(e.t);
	}
	// The end of a process is followed by the SIGCHLD that it sends; what comes later is another
	// process with its pid.
	for (const l of lanes.values()) l.ended = l.exits.length > 0 && l.last - Math.max(...l.exits) < 1e8;
	if (start > finish) { start = 0; finish = 1; }
	if (start === finish) { start -= 500; finish += 500; }
	for (const l of lives) {
		// What still waits does so until the end.
		if (verdicts[l.verdict] === 'pending' && l.to) l.end = finish;
		if (verdicts[l.verdict] === 'discarded' && l.exit && l.end === l.t) l.end = l.t + l.exit.after;
		l.text = [l.signal, l.how, verdicts[l.verdict], l.detail, l.flags & KERNEL ? 'kernel' : '', l.handler, place(l.sender), place(l.target)].join(' ').toLowerCase();
	}
};

const place = t => `${t.comm} ${t.pid} ${t.cgroup || ''}`;
const arrow = l => l.from !== null && l.to !== null;

// name is a task as supervise trace prints it.
const name = t => {
	if (t.pid < 0) return 'unknown';
	return (t.comm ? t.comm + ' ' : '') + t.pid + (t.tid > 0 && t.tid !== t.pid ? '/' + t.tid : '') + (t.ns > 0 && t.ns !== t.pid ? ` (${t.ns})` : '');
};
const origin = l => !(l.flags & KERNEL) ? name(l.sender) : l.sender.pid <= 0 ? 'kernel' : 'kernel, in ' + name(l.sender);

// duration prints nanoseconds with three digits.
const duration = ns => {
	const a = Math.abs(ns);
	const [unit, word] = a < 1e3 ? [1, 'ns'] : a < 1e6 ? [1e3, 'µs'] : a < 1e9 ? [1e6, 'ms'] : a < 6e10 ? [1e9, 's'] : a < 36e11 ? [6e10, 'min'] : [36e11, 'h'];
	return +(ns / unit).toPrecision(3) + ' ' + word;
};
const number = n => n.toLocaleString('en-US');
