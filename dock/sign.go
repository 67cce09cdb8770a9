package dock

import "context"

type signKey struct{}

// WithSign returns a context for one operation on a camera. Whoever carries the
// operation out calls Sign with it, and so sign, whenever something came from
// the camera: an entry of a listing, a step of a check. Silence for long means
// that the camera hangs. sign must not block.
func WithSign(ctx context.Context, sign func()) context.Context {
	return context.WithValue(ctx, signKey{}, sign)
}

// Sign notes that something came from the camera. Without WithSign it does nothing.
func Sign(ctx context.Context) {
	if sign, ok := ctx.Value(signKey{}).(func()); ok {
		sign()
	}
}
