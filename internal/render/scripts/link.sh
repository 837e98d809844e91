# KAITO leaves the folder data of the image in the volume, so that a dataset_path for it begins with data/data. The same
# entries are found in the volume itself as well, unless the image has one of the name data.
for entry in "$TARGET"/* "$TARGET"/.[!.]*; do
  [ -e "$entry" ] || continue
  link="${TARGET%/*}/${entry##*/}"
  [ -e "$link" ] || ln -s "${TARGET##*/}/${entry##*/}" "$link"
done
