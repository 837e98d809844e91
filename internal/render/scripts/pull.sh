# Unpacks /data of the image IMAGE into the folder TARGET. IMAGE may be private: each file below AUTH_DIR is tried as
# credentials, after an attempt without any.
set -eu
work=$(mktemp -d)
pulled=
for auth in "" "$AUTH_DIR"/*.json; do
  if [ -n "$auth" ] && [ ! -e "$auth" ]; then continue; fi
  if skopeo copy --dest-decompress ${auth:+"--authfile=$auth"} "docker://$IMAGE" "dir:$work/image"; then
    pulled=yes
    break
  fi
done
if [ -z "$pulled" ]; then
  echo "could not pull the image" >&2
  exit 1
fi
mkdir -p "$work/root" "$TARGET"
for layer in $(skopeo inspect --format '{{range .Layers}}{{.}} {{end}}' "dir:$work/image"); do
  tar -x -f "$work/image/${layer#sha256:}" -C "$work/root"
done
cp -R "$work/root/data/." "$TARGET/"
