// The control of `cargo xtask soak courant`: a server that believes to have synced, and has not. Its promises are then
// worth nothing, and a trial that does not notice would be worth nothing either.
int fsync(int fd) { (void)fd; return 0; }
int fdatasync(int fd) { (void)fd; return 0; }
int sync_file_range(int fd, long long from, long long count, unsigned flags) {
    (void)fd; (void)from; (void)count; (void)flags;
    return 0;
}
int syncfs(int fd) { (void)fd; return 0; }
void sync(void) {}
