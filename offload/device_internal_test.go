package offload

import "testing"

func TestServerIsNamedWithoutItsExport(t *testing.T) {
	const table = `22 27 0:21 / /proc rw,relatime - proc proc rw
41 27 0:44 / /mnt/a rw,relatime shared:1 master:2 - nfs4 NAS.local:/export/a rw,vers=4.2
42 27 0:45 / /mnt/b rw - nfs nas.local:/export/b rw
43 27 0:46 / /mnt/c rw - cifs //nas.local/share\040one rw
44 27 0:47 / /mnt/d rw - fuse.sshfs me@far:/srv rw
45 27 0:48 / /mnt/e rw - nfs [fd00::1]:/e rw
46 27 0:49 / /mnt/f rw - tmpfs tmpfs rw
`
	for id, want := range map[uint64]string{
		22: "", 41: "nfs:nas.local", 42: "nfs:nas.local", 43: "cifs:nas.local", 44: "sshfs:me@far", 45: "nfs:[fd00::1]", 46: "",
	} {
		from, ok := findMount(table, id)
		if got := serverOf(from); !ok || got != want {
			t.Errorf("mount %d is on %q, want %q", id, got, want)
		}
	}
	if from, ok := findMount(table, 4); ok {
		t.Errorf("mount 4 was found: %v", from)
	}
	if from, _ := findMount(table, 43); from.source != "//nas.local/share one" {
		t.Errorf("source %q", from.source)
	}
}
