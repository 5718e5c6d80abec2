package collector

import (
	"fmt"
	"strconv"
	"testing"

	"supervise/coredump/order"
)

// BenchmarkRelease crashes processes of several sizes. Of each it says how many ms passed
// until a replacement could be started (released), and until the process was gone (ended), with
// a small core alone, and with a full one, too. What does not count: the crash itself.
func BenchmarkRelease(b *testing.B) {
	for _, capture := range []order.Capture{order.Mini, order.MiniAndFull} {
		for _, mb := range []int{50, 200, 1000} {
			b.Run(fmt.Sprintf("%s/%dMB", capture, mb), func(b *testing.B) { benchmarkRelease(b, capture, mb) })
		}
	}
}

func benchmarkRelease(b *testing.B, capture order.Capture, mb int) {
	var released int64
	p := open(b, func(o *Options, p *place) {
		p.order.Capture = capture
		onReleased(o, func() { released = unixNano() })
	})
	var toReleased, toEnded int64
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		e := startEater(b, nil, strconv.Itoa(mb))
		b.StartTimer()
		begun := unixNano()
		e.crash()
		_ = e.Wait()
		ended := unixNano()
		p.wait(e.pid)
		toReleased += released - begun
		toEnded += ended - begun
	}
	b.ReportMetric(float64(toReleased)/1e6/float64(b.N), "ms-released")
	b.ReportMetric(float64(toEnded)/1e6/float64(b.N), "ms-ended")
}
