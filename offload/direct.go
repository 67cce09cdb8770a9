package offload

import (
	"context"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	chunkBytes = 1 << 20 // how much is read or written at once
	pageBytes  = 4096    // alignment of buffers and of direct I/O
)

// buffers are reused chunks whose memory is aligned for direct I/O. The zero
// value is ready and safe for concurrent use.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if buffer, ok := b.pool.Get().(*[chunkBytes]byte); ok {
		return buffer[:]
	}
	block := make([]byte, chunkBytes+pageBytes)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(block)))) & (pageBytes - 1)
	return block[skip : skip+chunkBytes : skip+chunkBytes]
}

func (b *buffers) put(buffer []byte) { b.pool.Put((*[chunkBytes]byte)(buffer)) }

// hasDirect reports whether pages of an opened file can be moved past the page
// cache. The filesystem must say so itself: some accept the flag and do not
// mean it. NFS does not say, and has direct I/O without any alignment: its
// reads and writes then go to the server each time.
func hasDirect(fd int) bool {
	var status unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &status)
	if err == nil && status.Mask&unix.STATX_DIOALIGN != 0 {
		memory, offset := status.Dio_mem_align, status.Dio_offset_align
		return offset > 0 && pageBytes%offset == 0 && memory > 0 && pageBytes%memory == 0
	}
	var system unix.Statfs_t
	return unix.Fstatfs(fd, &system) == nil && system.Type == unix.NFS_SUPER_MAGIC
}

// setDirect switches direct I/O of an opened file on or off.
func setDirect(fd int, on bool) error {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return fmt.Errorf("get flags: %w", err)
	}
	flags &^= unix.O_DIRECT
	if on {
		flags |= unix.O_DIRECT
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags); err != nil {
		return fmt.Errorf("set direct I/O to %t: %w", on, err)
	}
	return nil
}

// mediumReader reads a whole object from the medium, once.
type mediumReader struct {
	ctx     context.Context
	object  *object
	buffers *buffers
	buffer  []byte // from buffers; nil once closed
	rest    []byte // what was read into buffer and not given away yet
	offset  int64  // where the next chunk begins
}

// newMediumReader takes over the object. The fsync makes sure that what is
// read is what is durable: dirty pages would be neither written nor dropped.
func newMediumReader(ctx context.Context, o *object, pool *buffers) (*mediumReader, error) {
	fd := int(o.file.Fd())
	err := syncFile(fd)
	if err == nil && hasDirect(fd) {
		err = setDirect(fd, true)
	} else if err == nil {
		err = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
	}
	if err != nil {
		o.close()
		return nil, fmt.Errorf("prepare reading %s from the medium: %w", o.file.Name(), err)
	}
	return &mediumReader{ctx: ctx, object: o, buffers: pool, buffer: pool.get()}, nil
}

// Read ends with io.EOF only after as many bytes as the object has.
func (r *mediumReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *mediumReader) fill() error {
	switch {
	case r.buffer == nil:
		return fmt.Errorf("read %s: closed", r.object.file.Name())
	case r.offset >= r.object.sizeBytes:
		return io.EOF
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	}
	n, err := r.object.file.ReadAt(r.buffer, r.offset)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read at %d: %w", r.offset, err)
	}
	if n == 0 || (n < len(r.buffer) && r.offset+int64(n) < r.object.sizeBytes) {
		return fmt.Errorf("read %s: ends at %d of %d bytes: %w",
			r.object.file.Name(), r.offset+int64(n), r.object.sizeBytes, io.ErrUnexpectedEOF)
	}
	r.rest, r.offset = r.buffer[:n], r.offset+int64(n)
	return nil
}

// Close gives the buffer back. It is for the goroutine that reads.
func (r *mediumReader) Close() error {
	if r.buffer == nil {
		return nil
	}
	r.buffers.put(r.buffer)
	r.buffer, r.rest = nil, nil
	return r.object.file.Close()
}
