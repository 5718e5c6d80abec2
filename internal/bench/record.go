package main

import "encoding/binary"

// recordSize is that of what internal/bench/receiver writes for each signal.
const recordSize = 144

// record is one signal as the receiver got it.
type record struct {
	signal, code, pid int32
	value             uint64
	time              int64 // CLOCK_MONOTONIC in ns
}

// parseRecord reads a siginfo_t and a timespec: sigaction(2), and internal/bench/receiver.
func parseRecord(b []byte) record {
	order := binary.NativeEndian
	return record{
		signal: int32(order.Uint32(b[0:])), code: int32(order.Uint32(b[8:])), pid: int32(order.Uint32(b[16:])),
		value: order.Uint64(b[24:]),
		time:  int64(order.Uint64(b[128:]))*1e9 + int64(order.Uint64(b[136:])),
	}
}

// startReceiver starts the receiver below a wrapper and waits until it is ready.
func (b *bench) startReceiver(c contestant) (*child, error) {
	start, argv := b.start, c.argv
	if c.first {
		start, argv = b.startInit, c.init
	}
	r, err := start(append(argv, b.file("receiver"))...)
	if err != nil {
		return nil, err
	}
	if err := r.read(make([]byte, recordSize)); err != nil {
		r.kill()
		return nil, err
	}
	return r, nil
}
