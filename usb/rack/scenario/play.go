package scenario

import (
	"context"
	"fmt"
	"io"

	"berth/usb/rack"
)

// Play boots a guest whose console is the caller's terminal, with a station that
// only has to be started and cameras in its bays, and returns when the guest
// ends. The stage's options must ask for a shell.
func Play(ctx context.Context, stage *Stage, hints io.Writer) error {
	if err := stage.boot(ctx); err != nil {
		return err
	}
	t := &Trial{Stage: stage, Name: "play", Dir: stage.dir}
	cameras, err := t.cameras(ctx, smallCard(rack.FAT32, true, 1), smallCard(rack.Ext4, false, 2), smallCard(rack.FAT16, true, 3))
	if err != nil {
		return err
	}
	if err := t.commission(ctx, ""); err != nil {
		return err
	}
	for _, c := range cameras {
		if err := t.Rack.Dock(ctx, c.plug()); err != nil {
			return err
		}
	}
	if err := t.Rack.Dock(ctx, rack.Plug{Name: "stranger", Port: "4", Kind: rack.Keyboard}); err != nil {
		return err
	}
	fmt.Fprint(hints, "\r\nCameras are in bays B1 to B3, a keyboard in B4. Try:\r\n"+
		"  berth ports\r\n  berth run >/tmp/berth.log 2>&1 &\r\n  berth status --watch\r\n  poweroff -f\r\n")
	select {
	case <-t.Rack.Ended():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
