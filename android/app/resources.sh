#!/bin/sh
# resources.sh AAPT2 FRAMEWORK TARGET: the resources compiled and linked, R.java, and where Robolectric finds them.
set -eu
aapt2=$1 framework=$2 target=$3
app=$(cd "$(dirname "$0")" && pwd)
chmod +x "$aapt2"
mkdir -p "$target/res" "$target/gen" "$target/test-config/com/android/tools"
"$aapt2" compile --dir "$app/src/main/res" -o "$target/res/main.zip"
"$aapt2" compile --dir "$app/src/debug/res" -o "$target/res/debug.zip"
"$aapt2" link -I "$framework" --manifest "$app/src/main/AndroidManifest.xml" --java "$target/gen" \
  --auto-add-overlay -o "$target/res/resources.ap_" "$target/res/main.zip" -R "$target/res/debug.zip"
cat > "$target/test-config/com/android/tools/test_config.properties" <<P
android_merged_manifest=$app/src/main/AndroidManifest.xml
android_resource_apk=$target/res/resources.ap_
android_custom_package=fr.mademande
P
