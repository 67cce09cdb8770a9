// Package cameratest is the conformance suite that every driver of cameras
// passes: what a dock.Camera promises, tried on a camera whose content the test
// knows and changes behind the driver's back.
//
// It promises that a driver which passes lists everything, gives every byte as
// it is, says so when an object or the camera is no longer what it was, and
// erases one object for one fitting Clearance and nothing else. It knows no
// driver, and names what a driver leaves out by skipping it loudly.
package cameratest
