/**
 * The part of androidx.test that Robolectric calls, and no more: the registries, empty but for the instrumentation and
 * the lifecycle's monitor. androidx.test itself is published on Google's repository only.
 */
package androidx.test;
