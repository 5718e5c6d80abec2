// From time to the horizontal axis. A position is a time, or, in steps, the number of a moment
// at which something that is shown happened. The view is what part of the positions is seen.

const view = {a: 0, b: 1, top: 0};
const scale = {
	steps: false, moments: [], lo: 0, hi: 1,

	// build computes the positions of what is shown.
	build() {
		const keep = this.whole();
		if (this.steps) {
			const all = [];
			for (const l of shown) {
				all.push(l.t);
				if (l.end > l.t) all.push(l.end);
			}
			all.sort((a, b) => a - b);
			this.moments = all.filter((t, i) => i === 0 || t !== all[i - 1]);
			this.lo = -1;
			this.hi = Math.max(this.moments.length, 1);
		} else {
			const margin = (finish - start) * .02;
			this.lo = start - margin;
			this.hi = finish + margin;
		}
		for (const l of shown) {
			l.p = this.position(l.t);
			l.q = l.end > l.t ? this.position(l.end) : l.p;
		}
		if (keep || this.steps) this.fit(); else this.clamp();
	},

	// whole reports whether all is seen.
	whole() { return view.a <= this.lo && view.b >= this.hi; },

	position(t) {
		if (!this.steps) return t;
		const m = this.moments, n = m.length;
		if (n === 0) return 0;
		let lo = 0, hi = n;
		while (lo < hi) {
			const mid = (lo + hi) >> 1;
			if (m[mid] < t) lo = mid + 1; else hi = mid;
		}
		if (lo < n && m[lo] === t) return lo;
		if (lo === 0) return -.5;
		if (lo === n) return n - .5;
		return lo - 1 + (t - m[lo - 1]) / (m[lo] - m[lo - 1]);
	},

	time(p) {
		if (!this.steps) return p;
		const m = this.moments;
		if (m.length === 0) return start;
		const i = Math.max(0, Math.min(m.length - 1, Math.floor(p)));
		return m[i] + (i + 1 < m.length ? (m[i + 1] - m[i]) * Math.max(0, Math.min(1, p - i)) : 0);
	},

	fit() { view.a = this.lo; view.b = this.hi; },

	clamp() {
		const least = this.steps ? 1.5 : 40, all = this.hi - this.lo;
		let width = Math.min(Math.max(view.b - view.a, least), all);
		const middle = (view.a + view.b) / 2;
		view.a = middle - width / 2;
		if (view.a < this.lo) view.a = this.lo;
		if (view.a + width > this.hi) view.a = this.hi - width;
		view.b = view.a + width;
	},

	zoom(factor, at) {
		view.a = at - (at - view.a) * factor;
		view.b = at + (view.b - at) * factor;
		this.clamp();
	},

	pan(part) {
		const d = (view.b - view.a) * part;
		view.a += d;
		view.b += d;
		this.clamp();
	},
};

// ticks are the positions of the axis and what they are called.
const ticks = width => {
	const out = [], span = view.b - view.a;
	if (scale.steps) {
		const every = Math.max(1, Math.ceil(span / Math.max(1, width / 110)));
		for (let i = Math.max(0, Math.ceil(view.a / every) * every); i <= view.b && i < scale.moments.length; i += every) {
			out.push({p: i, text: clock(scale.moments[i] - start, 1)});
		}
		return out;
	}
	const about = span / Math.max(1, width / 120), power = 10 ** Math.floor(Math.log10(about));
	const step = [1, 2, 5, 10].map(n => n * power).find(s => s >= about);
	for (let k = Math.ceil((view.a - start) / step); start + k * step <= view.b; k++) {
		out.push({p: start + k * step, text: clock(k * step, step)});
	}
	return out;
};

// clock is a time since the start, with as many digits as a step asks for.
const clock = (t, step) => {
	const most = Math.max(Math.abs(view.a - start), Math.abs(view.b - start));
	const [unit, word] = scale.steps
		? (Math.abs(t) < 1e6 ? [1e3, 'µs'] : Math.abs(t) < 1e9 ? [1e6, 'ms'] : [1e9, 's'])
		: most < 1e3 ? [1, 'ns'] : most < 1e6 ? [1e3, 'µs'] : most < 1e9 ? [1e6, 'ms'] : [1e9, 's'];
	if (t === 0) return '0';
	const digits = scale.steps ? (unit === 1e3 ? 1 : 3) : Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit) - 1e-9)));
	return (t / unit).toFixed(digits) + ' ' + word;
};
