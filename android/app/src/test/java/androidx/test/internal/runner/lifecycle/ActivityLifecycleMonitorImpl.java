package androidx.test.internal.runner.lifecycle;

import android.app.Activity;
import androidx.test.runner.lifecycle.ActivityLifecycleCallback;
import androidx.test.runner.lifecycle.ActivityLifecycleMonitor;
import androidx.test.runner.lifecycle.Stage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

public class ActivityLifecycleMonitorImpl implements ActivityLifecycleMonitor {
    private final List<ActivityLifecycleCallback> callbacks = new CopyOnWriteArrayList<>();
    private final Map<Activity, Stage> stages = new WeakHashMap<>();
    @Override public void addLifecycleCallback(ActivityLifecycleCallback c) { if (!callbacks.contains(c)) callbacks.add(c); }
    @Override public void removeLifecycleCallback(ActivityLifecycleCallback c) { callbacks.remove(c); }
    @Override public Stage getLifecycleStageOf(Activity a) { synchronized (stages) { return stages.get(a); } }
    @Override public Collection<Activity> getActivitiesInStage(Stage stage) {
        List<Activity> out = new ArrayList<>();
        synchronized (stages) { stages.forEach((a, s) -> { if (s == stage) out.add(a); }); }
        return out;
    }
    public void signalLifecycleChange(Stage stage, Activity activity) {
        synchronized (stages) { stages.put(activity, stage); }
        for (ActivityLifecycleCallback c : callbacks) c.onActivityLifecycleChanged(activity, stage);
    }
}
