//go:build !linux || !amd64

package faults

import "testing"

func TestFaultsNeedATracer(t *testing.T) {
	t.Skip("no fault was tried: the tracer knows the registers of amd64 and the system calls of Linux only")
}
