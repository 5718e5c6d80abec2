// Package page writes a trace of signals as one HTML page: processes as lanes, signals as arrows.
//
//	w, err := page.NewWriter(file)   // a trace.Sink
//
// The page needs nothing beside itself, and its Content-Security-Policy lets it load nothing and run
// no script but its own, whatever names processes have given themselves. They are escaped when
// they are written (package escape), and only ever become text nodes.
//
// The data are lines behind the script, as they come: a trace may be of any length, and a page
// whose writer was killed shows what it has. Processes and texts are written once and referred to
// by their numbers, which makes about 60 bytes for a signal. More than [Most] signals are left
// out, and the page says so.
//
// It is drawn on a canvas. SVG would have two or three elements for a signal: at 10,000 signals
// each move would make the browser lay out and paint tens of thousands of them, though a screen
// has room for a few thousand. On the canvas a frame draws what is seen, and what falls on the same
// pixel once, so that its cost depends on the screen. What SVG would give, the page does by itself:
// finding what the mouse is on, and a way for the keyboard and for screen readers, which are told
// the chosen signal as text.
//
// For tests, and for links: the fragment of the address says what is shown (#filter=TERM&scale=steps&
// select=0&theme=dark), and the data attributes of the document's element what that is (data-signals,
// data-arrows, data-shown, data-drawn, data-errors ...).
package page
