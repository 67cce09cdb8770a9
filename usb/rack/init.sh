#!/bin/busybox sh
# The first process of the guest: mounts what everybody expects, starts udev,
# mounts the station's disks by their labels and starts the agent. With
# rack.shell on the kernel's command line the console gets a shell.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
busybox mkdir -p /proc /sys /dev /run /tmp /root /etc
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs dev /dev 2>/dev/null
busybox mkdir -p /dev/pts /dev/shm
busybox mount -t devpts devpts /dev/pts
busybox mount -t tmpfs -o mode=0755 run /run
busybox mount -t tmpfs tmp /tmp
busybox hostname rack
busybox ip link set lo up
for group in root:0 tty:5 disk:6 kmem:15 dialout:20 audio:29 video:44 plugdev:46 input:104; do
    echo "${group%:*}:x:${group#*:}:" >>/etc/group
done
echo 'root:x:0:0:root:/root:/bin/bash' >>/etc/passwd
echo 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false' >>/etc/passwd

[ -e /bin/sh ] || busybox ln -s bash /bin/sh # what programs start with system(3) and popen(3)

modprobe -a virtio_pci virtio_console virtio_blk virtio_rng ext4
/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add --subsystem-match=block --subsystem-match=virtio-ports --subsystem-match=pci
udevadm settle --timeout=30

for disk in /sys/block/vd*; do
    [ -e "$disk" ] || continue
    disk=/dev/${disk##*/}
    label=$(blkid -o value -s LABEL "$disk")
    [ -n "$label" ] || continue
    busybox mkdir -p "/srv/$label"
    busybox mount -t ext4 "$disk" "/srv/$label" || echo "rack: $label does not mount"
done

line=
for port in /sys/class/virtio-ports/*; do
    [ "$(busybox cat "$port/name")" = rack.agent ] && line=/dev/${port##*/}
done
if busybox grep -qw rack.shell /proc/cmdline; then
    (while :; do
        echo 'The virtual rack: type "poweroff -f" to leave it.'
        PS1='rack# ' setsid -c -w /bin/bash --norc -i </dev/ttyS0 >/dev/ttyS0 2>&1
    done) &
fi
/rack/agent "$line"
echo "rack: the agent ended with $?"
busybox poweroff -f
