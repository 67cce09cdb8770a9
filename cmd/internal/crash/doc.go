// Package crash holds the tests that break a running station from outside: the
// real program, its real journal, real files and real filesystems. Cameras come
// and go while the program is killed (kill -9) and while the filesystems below
// it lose their power, again and again, also during start-up; and single bits
// are flipped on a medium, below every cache.
//
// It promises that whatever was on a camera is, when the camera no longer has
// it, whole in both stores, and opens there with the agency's key to the very
// bytes; that what the journal said before a crash it says afterwards; and that
// no half file stands under a final name. The tests are short unless
// BERTH_CRASH says how many crashes there are to be. BERTH_CRASH_SEED takes the
// seed that an earlier run printed. What cannot run on a machine is skipped with
// a word that says so. It has no code that runs outside tests, never looks into
// the program, and touches no device that it did not make.
package crash
