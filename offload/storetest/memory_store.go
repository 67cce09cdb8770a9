package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"berth/dock"
	"berth/hashing"
	"berth/offload"
)

var _ offload.Store = (*Memory)(nil)

// begin counts the call and takes it through the gate and the first fault.
func (m *Memory) begin(ctx context.Context, op Op) (Fault, error) {
	m.mu.Lock()
	m.calls[op]++
	fault := m.always[op]
	if planted := m.once[op]; len(planted) > 0 {
		fault, m.once[op] = planted[0], planted[1:]
	}
	m.mu.Unlock()
	if fault.Gate != nil {
		if err := fault.Gate.pass(ctx); err != nil {
			return Fault{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return Fault{}, err
	}
	return fault, fault.Before
}

// Identity returns the UUID.
func (m *Memory) Identity(ctx context.Context) (dock.StoreID, error) {
	fault, err := m.begin(ctx, Identity)
	if err != nil {
		return "", err
	}
	id, err := m.identity()
	return id, errors.Join(err, fault.end())
}

func (m *Memory) identity() (dock.StoreID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id == "" {
		return "", offload.ErrNotCommissioned
	}
	return m.id, nil
}

// Place returns what SetPlace set.
func (m *Memory) Place(ctx context.Context) (dock.Place, error) {
	fault, err := m.begin(ctx, Place)
	if err != nil {
		return dock.Place{}, err
	}
	m.mu.Lock()
	place := m.place
	m.mu.Unlock()
	return place, fault.end()
}

// Put stores the sealed file.
func (m *Memory) Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error) {
	fault, err := m.begin(ctx, Put)
	if err != nil {
		return "", err
	}
	if err := offload.CheckSealed(sealed); err != nil {
		return "", err
	}
	if fault.Lie {
		return "", fault.end()
	}
	content, err := readAll(ctx, sealed)
	if err != nil {
		return "", err
	}
	if fault.Alter != nil {
		content = fault.Alter(content)
	}
	if err := m.store(sealed, content); err != nil {
		return "", err
	}
	return "", fault.end()
}

func readAll(ctx context.Context, sealed dock.Sealed) ([]byte, error) {
	source, err := sealed.Open()
	if err != nil {
		return nil, err
	}
	defer source.Close()
	content, err := io.ReadAll(readerUntil{ctx, io.LimitReader(source, sealed.SizeBytes+1)})
	if err != nil {
		return nil, err
	}
	flow := hashing.NewFlow()
	flow.Write(content)
	return content, flow.Check("the sealed file", sealed.Digest, sealed.SizeBytes)
}

func (m *Memory) store(sealed dock.Sealed, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id == "" {
		return offload.ErrNotCommissioned
	}
	existing, taken := m.objects[sealed.Key]
	if !taken {
		m.objects[sealed.Key] = content
		return nil
	}
	if hashing.Sum(existing) != sealed.Digest {
		return fmt.Errorf("%w: %s", offload.ErrDifferent, sealed.Key)
	}
	return nil
}

// Stat describes the object.
func (m *Memory) Stat(ctx context.Context, key string, v dock.Version) (dock.Object, error) {
	fault, err := m.begin(ctx, Stat)
	if err != nil {
		return dock.Object{}, err
	}
	content, err := m.find(key, v)
	if err != nil {
		return dock.Object{}, err
	}
	return dock.Object{Key: key, SizeBytes: int64(len(content))}, fault.end()
}

// Open reads the object back.
func (m *Memory) Open(ctx context.Context, key string, v dock.Version) (io.ReadCloser, error) {
	fault, err := m.begin(ctx, Open)
	if err != nil {
		return nil, err
	}
	content, err := m.find(key, v)
	if err != nil {
		return nil, err
	}
	if fault.Alter != nil {
		content = fault.Alter(slices.Clone(content))
	}
	if err := fault.end(); err != nil {
		return nil, err
	}
	return readerUntil{ctx, bytes.NewReader(content)}, nil
}

func (m *Memory) find(key string, v dock.Version) ([]byte, error) {
	if err := offload.CheckKey(key); err != nil {
		return nil, err
	}
	if _, err := m.identity(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	content, ok := m.objects[key]
	if !ok || v != "" {
		return nil, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return content, nil
}
