package filetree

import (
	"context"
	"errors"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Medium is implemented by the readers that Reread returns.
type Medium interface {
	// FromMedium reports that the bytes come past every cache of this machine
	// (direct I/O). If it is false, the filesystem has no direct I/O that it
	// vouches for: the cache was asked to forget the object first, which it may
	// have ignored for pages that somebody maps or has written.
	FromMedium() bool
}

const (
	directBytes = 256 << 10
	directAlign = 4096
)

// Reread reads the whole entry from the medium, as far as its filesystem
// allows; the reader is a Medium and says how far. It otherwise behaves as the
// one of Open. What went past is remembered for Erase.
func (t *Tree) Reread(ctx context.Context, e dock.Entry) (io.ReadCloser, error) {
	const tried = "read object on camera again"
	file, err := t.openFile(ctx, tried, e, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r := &reader{tree: t, entry: e, file: file, content: file, left: e.SizeBytes}
	direct := directIO(int(file.Fd()))
	if direct {
		r.readDirectly()
	} else if err := forget(int(file.Fd())); err != nil {
		file.Close()
		return nil, t.failed(tried, err)
	}
	return &reread{t.witness.Watch(e, r), direct}, nil
}

// readDirectly has the reader, whose file is open for direct I/O, read whole
// aligned buffers.
func (r *reader) readDirectly() {
	buffer, used := r.tree.buffers.Get().(*[]byte)
	if !used {
		buffer = alignedBuffer()
	}
	r.content = &directReader{file: r.file, buffer: *buffer}
	r.release = func() { r.tree.buffers.Put(buffer) }
}

type reread struct {
	io.ReadCloser
	direct bool
}

func (r *reread) FromMedium() bool { return r.direct }

// directIO switches fd to direct I/O if the filesystem vouches for it. That it
// merely accepts the flag means nothing: tmpfs does.
func directIO(fd int) bool {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &st); err != nil {
		return false
	}
	if !aligned(st.Dio_mem_align) || !aligned(st.Dio_offset_align) {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return false
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags|unix.O_DIRECT)
	return err == nil
}

// aligned: our buffers and offsets satisfy what the filesystem asks for. Zero
// is the answer of one that has no direct I/O, or cannot tell.
func aligned(want uint32) bool { return want != 0 && directAlign%want == 0 }

// forget asks the cache to drop the object: only pages that are on the medium
// can be dropped, so they go there first.
func forget(fd int) error {
	err := again(func() error { return unix.Fsync(fd) })
	if err != nil && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
}

// directReader reads whole aligned buffers; the last one comes back short.
type directReader struct {
	file   *os.File
	buffer []byte
	have   []byte // the part of buffer that was not given out yet
}

func (d *directReader) Read(p []byte) (int, error) {
	if len(d.have) == 0 {
		n, err := d.file.Read(d.buffer)
		if err != nil {
			return 0, err
		}
		d.have = d.buffer[:n]
	}
	n := copy(p, d.have)
	d.have = d.have[n:]
	return n, nil
}

func alignedBuffer() *[]byte {
	whole := make([]byte, directBytes+directAlign)
	skip := -int(uintptr(unsafe.Pointer(&whole[0]))) & (directAlign - 1)
	buffer := whole[skip : skip+directBytes : skip+directBytes]
	return &buffer
}
