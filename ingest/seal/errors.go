package seal

import (
	"errors"
	"fmt"
	"strings"
)

// The ways in which a sealed file or a key is refused. Everything else that
// this package returns is an error of the reader that it was given.
var (
	// ErrIntegrity: the file is not, bit for bit, what a station wrote. The
	// text after it says which part of the file told.
	ErrIntegrity = errors.New("altered")
	// ErrWrongKey: the file is sealed, but not to any of the keys given. The
	// error is a *WrongKey.
	ErrWrongKey = errors.New("wrong key")
	// ErrPrivateKey: a private key was given where only a public one may be.
	ErrPrivateKey = errors.New("this is a private key")
)

// WrongKey says to whom a file is sealed, when none of the given keys opens it.
type WrongKey struct {
	Recipients []string // fingerprints of the keys that would open it
}

func (w *WrongKey) Error() string {
	return fmt.Sprintf("the key is not one of the %s", w.Describe())
}

// Is makes every *WrongKey an ErrWrongKey.
func (w *WrongKey) Is(target error) bool { return target == ErrWrongKey }

// Describe names the recipients: "2 recipients (sha256:…, sha256:…)".
func (w *WrongKey) Describe() string {
	count := fmt.Sprintf("%d recipients", len(w.Recipients))
	if len(w.Recipients) == 1 {
		count = "1 recipient"
	}
	return fmt.Sprintf("%s (%s)", count, strings.Join(w.Recipients, ", "))
}

func altered(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrIntegrity, fmt.Sprintf(format, args...))
}
