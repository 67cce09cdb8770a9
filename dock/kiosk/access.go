package kiosk

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// Caller is who is at the other end of a connection, as the kernel says.
type Caller struct {
	Known bool // false if the connection does not tell
	UID   uint32
}

// By is how the caller is recorded: the user's name and number, after the
// name that the caller gave for themselves, if any. The number is there because
// names of users can be given anew.
func (c Caller) By(said string) string {
	account := "unknown user"
	if c.Known {
		account = fmt.Sprintf("uid %d", c.UID)
		if u, err := user.LookupId(strconv.FormatUint(uint64(c.UID), 10)); err == nil {
			account = fmt.Sprintf("%s, uid %d", u.Username, c.UID)
		}
	}
	if said == "" {
		return account
	}
	return fmt.Sprintf("%s (%s)", said, account)
}

// access is who may use a route.
type access interface {
	permits(Caller) error
	String() string
}

// anyone is whoever may open the socket: file permissions have decided.
type anyone struct{}

func (anyone) permits(Caller) error { return nil }
func (anyone) String() string       { return "whoever may open the socket" }

// operator is root or the user that the station runs as, whatever the
// permissions of the socket have become.
type operator struct{}

func (operator) permits(c Caller) error {
	if c.Known && (c.UID == 0 || int64(c.UID) == int64(os.Geteuid())) {
		return nil
	}
	return fmt.Errorf("%w: only root or the station's own user may do this, not %s", ErrDenied, c.By(""))
}

func (operator) String() string { return "root or the station's own user" }

type callerKey struct{}

// withCaller notes who is at the other end of a new connection.
func withCaller(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, callerKey{}, callerOf(conn))
}

// callerOf asks the kernel. A connection that is no unix socket tells nothing.
func callerOf(conn net.Conn) Caller {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return Caller{}
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return Caller{}
	}
	var caller Caller
	err = raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			caller = Caller{Known: true, UID: peer.Uid}
		}
	})
	if err != nil {
		return Caller{}
	}
	return caller
}
