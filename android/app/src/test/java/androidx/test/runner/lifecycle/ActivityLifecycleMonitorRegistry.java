package androidx.test.runner.lifecycle;

public final class ActivityLifecycleMonitorRegistry {
    private static volatile ActivityLifecycleMonitor instance;
    private ActivityLifecycleMonitorRegistry() {}
    public static ActivityLifecycleMonitor getInstance() {
        ActivityLifecycleMonitor m = instance;
        if (m == null) throw new IllegalStateException("No lifecycle monitor registered");
        return m;
    }
    public static void registerInstance(ActivityLifecycleMonitor m) { instance = m; }
}
