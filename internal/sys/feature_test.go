package sys_test

import (
	"errors"
	"runtime"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

var features = map[string]*sys.Feature{
	"clone3": &sys.FeatureClone3, "close_range": &sys.FeatureCloseRange, "rt_sigqueueinfo": &sys.FeatureSignalQueue,
	"pidfd_send_signal to a group": &sys.FeatureGroupQueue,
}

// TestProbe asks for each feature what this kernel is known to have.
func TestProbe(t *testing.T) {
	for name, f := range features {
		err := f.Probe()
		if f.Name != name || f.Since == "" || f.Available() != (err == nil) {
			t.Errorf("%s: %v, available %v, since %q", f.Name, err, f.Available(), f.Since)
		}
	}
	if err := sys.FeatureSignalQueue.Probe(); err != nil {
		t.Errorf("rt_sigqueueinfo: %v", err)
	}
}

// TestProbeRefused has a seccomp filter refuse each call.
func TestProbeRefused(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	runtime.LockOSThread()
	for name, number := range map[string]uint32{
		"clone3": 435, "close_range": sys.NrCloseRange, "rt_sigqueueinfo": syscall.SYS_RT_SIGQUEUEINFO,
		"pidfd_send_signal to a group": sys.NrPIDFDSendSignal,
	} {
		if err := testproc.Refuse(number, syscall.EPERM); err != nil {
			t.Skip("no seccomp filter here:", err)
		}
		f := features[name]
		if err := f.Probe(); !errors.Is(err, syscall.EPERM) || f.Available() {
			t.Errorf("%s: %v, available %v", name, err, f.Available())
		}
	}
}
