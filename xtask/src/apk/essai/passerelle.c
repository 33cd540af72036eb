/* What Android's C library has and glibc has not, over glibc. Compiled four times, once for each of Android's libraries,
   whose name is then defined; the other two are empty and only lead to glibc's. No header: any processor compiles it. */

#ifdef libc
int *__errno_location(void);

int *__errno(void) { return __errno_location(); }

/* No property is set: the answer of a phone to a name that it does not know. */
int __system_property_get(const char *name, char *value) {
    (void)name;
    *value = 0;
    return 0;
}
#endif

#ifdef liblog
int __android_log_write(int priority, const char *tag, const char *text) {
    (void)priority, (void)tag, (void)text;
    return 0;
}
#endif
