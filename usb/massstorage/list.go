package massstorage

import (
	"context"
	"slices"

	"berth/dock"
	"berth/usb/privileged"
)

// list walks the volume. Its errors are those that end the whole listing.
func (v *volume) list(ctx context.Context) (dock.Listing, error) {
	if v.is(privileged.ReadWrite) {
		// What was erased is believed only from the medium.
		if err := v.mountAnew(ctx, privileged.ReadOnly); err != nil {
			return dock.Listing{}, err
		}
	}
	// The kernel leaves out what is broken in a folder of ext4 without a word.
	if (v.info.Dirty || v.info.Kind == privileged.Ext4) && !v.info.Replay {
		if err := v.check(ctx); err != nil && final(ctx, err) {
			return dock.Listing{}, err
		}
	}
	if err := v.ready(ctx, privileged.ReadOnly); err != nil {
		return v.closedVolume(ctx, "it cannot be mounted: ", err)
	}
	listing, err := v.tree.List(ctx)
	if err != nil {
		return v.closedVolume(ctx, "it cannot be walked: ", err)
	}
	if v.info.Replay {
		listing.Exceptions = append(listing.Exceptions, dock.Exception{
			Kind: dock.ExceptionVolume, Name: v.name(), SizeBytes: v.info.SizeBytes,
			Detail: "changes wait in its journal and cannot be seen: it was not unmounted",
		})
	}
	if v.damage != nil {
		listing.Exceptions = append(listing.Exceptions, dock.Exception{
			Kind: dock.ExceptionVolume, Name: v.name(), SizeBytes: v.info.SizeBytes,
			Detail: "it may hold more than it lists: " + v.damage.Error(),
		})
	}
	if err := v.addUnfinished(ctx, &listing); err != nil {
		return dock.Listing{}, err
	}
	return listing, nil
}

// closedVolume lists a volume that nobody can look into.
func (v *volume) closedVolume(ctx context.Context, why string, err error) (dock.Listing, error) {
	if final(ctx, err) {
		return dock.Listing{}, err
	}
	if gone := v.Attached(); gone != nil {
		return dock.Listing{}, gone
	}
	v.camera.log.Warn("a volume of a camera cannot be listed", "bay", v.camera.at.Bay, "volume", v.name(), "error", err)
	return dock.Listing{UsedBytes: -1, Clean: v.Clean(), Exceptions: []dock.Exception{{
		Kind: dock.ExceptionVolume, Name: v.name(), SizeBytes: v.info.SizeBytes, Detail: why + err.Error(),
	}}}, nil
}

// addUnfinished makes exceptions of the files that hold more than they say. One
// that claims to be empty is no recording of nothing: it is an exception only.
func (v *volume) addUnfinished(ctx context.Context, listing *dock.Listing) error {
	if !v.looked {
		found, err := v.camera.helper.Unfinished(ctx, v.camera.device, v.info.Volume)
		if err != nil && final(ctx, err) {
			return err
		}
		if err != nil {
			listing.Exceptions = append(listing.Exceptions, dock.Exception{
				Kind: dock.ExceptionUnfinished, Name: v.name(), Detail: "nobody could look for unfinished files: " + err.Error(),
			})
			return nil
		}
		v.unfinished, v.looked = found, true
	}
	empty := map[dock.RawName]bool{}
	for _, each := range v.unfinished {
		name := dock.RawName(v.prefix + each.Name)
		if each.Name == "" {
			name = v.name()
		}
		empty[name] = each.SizeBytes == 0
		listing.Exceptions = append(listing.Exceptions, dock.Exception{
			Kind: dock.ExceptionUnfinished, Name: name, SizeBytes: each.SizeBytes, Detail: each.Reason,
		})
	}
	listing.Entries = slices.DeleteFunc(listing.Entries, func(e dock.Entry) bool { return e.SizeBytes == 0 && empty[e.Name] })
	return nil
}
