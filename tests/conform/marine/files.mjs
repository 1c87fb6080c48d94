// files.mjs: the file functions of WASI preview 1 over directories in memory, for the original, whose own are none. As much as SQLite asks for.
// Not here: links, permissions, listings.
const OK = 0, BADF = 8, EXIST = 20, NOENT = 44, NOTCAPABLE = 76;
const EVERY_RIGHT = (1n << 30n) - 1n, DIRECTORY = 3, REGULAR = 4;
const decode = (bytes) => new TextDecoder().decode(bytes);

/** The functions that stand before those of `wasi` (its standard streams, clock and so on stay). dirs: aliases; memory(): the module's memory. */
export function filesOf(dirs, memory, wasi) {
  const files = new Map(); // "alias/path" -> { bytes, size, inode }
  const open = new Map(dirs.map((alias, i) => [3 + i, { alias }]));
  let last = 3 + dirs.length;
  const view = () => new DataView(memory().buffer);
  const text = (ptr, len) => decode(new Uint8Array(memory().buffer, ptr, len));
  const pathOf = (fd, ptr, len) => `${open.get(fd).alias}/${text(ptr, len).replace(/^(\.?\/)+/, '')}`;
  const grow = (file, size) => {
    if (size > file.bytes.length) {
      const bytes = new Uint8Array(Math.max(size, 2 * file.bytes.length));
      bytes.set(file.bytes.subarray(0, file.size));
      file.bytes = bytes;
    }
    file.size = Math.max(file.size, size);
  };
  const each = (iovs, count, body) => {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const done = body(new Uint8Array(memory().buffer, view().getUint32(iovs + i * 8, true), view().getUint32(iovs + i * 8 + 4, true)));
      total += done;
    }
    return total;
  };
  const read = (o, at, iovs, count) => each(iovs, count, (to) => {
    const part = o.file.bytes.subarray(Math.min(at, o.file.size), Math.min(at + to.length, o.file.size));
    to.set(part);
    at += part.length;
    return part.length;
  });
  const write = (o, at, iovs, count) => each(iovs, count, (from) => {
    grow(o.file, at + from.length);
    o.file.bytes.set(from, at);
    at += from.length;
    return from.length;
  });
  const stat = (ptr, file) => {
    new Uint8Array(memory().buffer, ptr, 64).fill(0);
    view().setBigUint64(ptr + 8, BigInt(file?.inode ?? 1), true);
    view().setUint8(ptr + 16, file ? REGULAR : DIRECTORY);
    view().setBigUint64(ptr + 24, 1n, true);
    view().setBigUint64(ptr + 32, BigInt(file?.size ?? 0), true);
    return OK;
  };
  const mine = {
    fd_prestat_get: (o, fd, ptr) => {
      if (!o.alias) return BADF;
      view().setUint32(ptr, 0, true);
      view().setUint32(ptr + 4, new TextEncoder().encode(o.alias).length, true);
      return OK;
    },
    fd_prestat_dir_name: (o, fd, ptr, len) => {
      new Uint8Array(memory().buffer, ptr, len).set(new TextEncoder().encode(o.alias).subarray(0, len));
      return OK;
    },
    fd_fdstat_get: (o, fd, ptr) => {
      new Uint8Array(memory().buffer, ptr, 24).fill(0);
      view().setUint8(ptr, o.alias ? DIRECTORY : REGULAR);
      view().setBigUint64(ptr + 8, EVERY_RIGHT, true);
      view().setBigUint64(ptr + 16, EVERY_RIGHT, true);
      return OK;
    },
    path_open: (o, fd, follow, ptr, len, oflags, rights, inheriting, flags, out) => {
      const path = pathOf(fd, ptr, len);
      let file = files.get(path);
      if (!file && !(oflags & 1)) return NOENT;
      if (file && (oflags & 5) === 5) return EXIST;
      if (!file) files.set(path, file = { bytes: new Uint8Array(4096), size: 0, inode: files.size + 2 });
      if (oflags & 8) file.size = 0;
      open.set(++last, { file, at: 0 });
      view().setUint32(out, last, true);
      return OK;
    },
    path_filestat_get: (o, fd, follow, ptr, len, out) => {
      const path = pathOf(fd, ptr, len), file = files.get(path);
      return file ? stat(out, file) : path === `${o.alias}/` || path === `${o.alias}/.` ? stat(out) : NOENT;
    },
    path_unlink_file: (o, fd, ptr, len) => (files.delete(pathOf(fd, ptr, len)) ? OK : NOENT),
    fd_filestat_get: (o, fd, ptr) => stat(ptr, o.file),
    fd_filestat_set_size: (o, fd, size) => {
      if (Number(size) > o.file.size) grow(o.file, Number(size));
      o.file.bytes.fill(0, Number(size));
      o.file.size = Number(size);
      return OK;
    },
    fd_read: (o, fd, iovs, count, out) => {
      const got = read(o, o.at, iovs, count);
      o.at += got;
      view().setUint32(out, got, true);
      return OK;
    },
    fd_write: (o, fd, iovs, count, out) => {
      const got = write(o, o.at, iovs, count);
      o.at += got;
      view().setUint32(out, got, true);
      return OK;
    },
    fd_pread: (o, fd, iovs, count, at, out) => (view().setUint32(out, read(o, Number(at), iovs, count), true), OK),
    fd_pwrite: (o, fd, iovs, count, at, out) => (view().setUint32(out, write(o, Number(at), iovs, count), true), OK),
    fd_seek: (o, fd, offset, whence, out) => {
      o.at = Number(offset) + [0, o.at, o.file.size][whence];
      view().setBigUint64(out, BigInt(o.at), true);
      return OK;
    },
    fd_sync: () => OK,
    fd_close: (o, fd) => (open.delete(fd), OK),
  };
  const functions = { ...wasi };
  for (const name of Object.keys(wasi).filter((n) => /^(fd|path)_/.test(n)))
    functions[name] = (fd, ...args) => {
      const o = open.get(fd);
      if (!o) return fd < 3 ? wasi[name](fd, ...args) : BADF;
      return mine[name] ? mine[name](o, fd, ...args) : NOTCAPABLE;
    };
  return functions;
}
