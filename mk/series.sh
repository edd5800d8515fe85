# shellcheck shell=bash disable=SC2034
# How series/ is read. Sourced after mk/lib.sh by what writes, checks or compiles mails.
#
# series/N-NAME is a series: 00-cover.txt is its cover letter, each other NN-*.txt a
# mail: its message, then a line "Files:" and the overlay's files that it brings, one
# per line; X.patch stands for the X.BASE.patch of this base, too. A file comes once. What
# other mails change in it is in NN-*.patch beside the text of each, or for a file that
# differs on another base in its NN-*.BASE.patch:
#  - a change after the mail that brings the file takes it to what the overlay has, so
#    that mail brings it without the change: it is taken back, last mail first;
#  - a change before that mail is applied as it is to the kernel's own file.

shopt -s nullglob
CUT=$BUILD/cut-$BASE	# what mk/cut makes: each file as it is before each mail that changes it
MAILS=()		# SERIES/NN-NAME of each, in the order in which they are applied
declare -A FIRST	# the number of the mail that brings each file
declare -A BRINGS	# the lines behind Files: of each mail, by its number
declare -A LATER	# the files that each changes after they came, by its number
declare -A SOONER	# those that it changes before they come

read_series() {
	local name file i
	local -A number seen
	for file in series/[0-9]-*/[0-9][0-9]-*.txt; do
		name=${file#series/}
		name=${name%.txt}
		[[ $name != */00-* ]] || continue
		number[$name]=${#MAILS[@]}
		MAILS+=("$name")
	done
	while IFS=' ' read -r name file; do
		name=${name#series/}
		i=${number[${name%.txt}]:-}
		[ "$i" ] || continue
		BRINGS[$i]+=$file$'\n'
		FIRST[${file%.patch}]=$i
	done < <(awk 'FNR == 1 { on = 0 } on && NF { print FILENAME, $1 } /^Files:$/ { on = 1 }' \
		series/[0-9]-*/[0-9][0-9]-*.txt)
	while IFS=: read -r name file; do
		name=${name#series/}
		name=${name%.patch}
		i=${number[$name]:-${number[${name%."$BASE"}]:-}}
		file=${file#+++ b/}
		[ -z "$i" ] || [ -z "${seen[$i:$file]:-}" ] || continue
		[ "$i" ] || continue
		seen[$i:$file]=1
		if [ "${FIRST[$file]:-$i}" -lt "$i" ]; then LATER[$i]+=$file$'\n'; else SOONER[$i]+=$file$'\n'; fi
	done < <(grep -H '^+++ b/' series/[0-9]-*/[0-9][0-9]-*.patch)
}
read_series

# change_of I [FILE]...: the patch of mail I on this base to these files, to all if none is named;
# that of the base itself comes first
change_of() {
	local mail=series/${MAILS[$1]} list=() p
	shift
	for p in "$mail.$BASE.patch" "$mail.patch"; do
		[ ! -f "$p" ] || list+=("$p")
	done
	[ ${#list[@]} -gt 0 ] || return 0
	awk -v wanted=" $* " '
		FNR == 1 { on = 0; n++ }
		$1 == "---" && $2 ~ /^a\// {
			name = substr($2, 3)
			on = (wanted == "  " || index(wanted, " " name " ")) && !(name in from && from[name] != n)
			from[name] = from[name] ? from[name] : n
		}
		on' "${list[@]}"
}

# text_after I FILE: sets TEXT to the folder in which FILE is as it is after mail I,
# which brings it or comes later
text_after() {
	local i
	for ((i = $1 + 1; i < ${#MAILS[@]}; i++)); do
		TEXT=$CUT/${MAILS[i]}
		[ ! -f "$TEXT/$2" ] || return 0
	done
	TEXT=$TREE
}

# put REPOSITORY COMMIT TREE: make the tree read as of that mail; unchanged files keep their date
put() {
	local file there
	there=$(git -C "$1" ls-tree -r --name-only main | while read -r file; do
		[ ! -f "$3/$file" ] || echo "$file"
	done)
	# What differs is of the tree alone (<), of the mail alone, or of both (>)
	{ diff <(sed "s#^#$3/#" <<<"$there" | git hash-object --no-filters --stdin-paths | paste - <(echo "$there")) \
		<(git -C "$1" ls-tree -r --format='%(objectname)%x09%(path)' "$2") || true; } |
		sed -n 's/^[<>] [0-9a-f]\{40\}\t//p' | sort -u | while read -r file; do
		rm -f "$3/$file"
		if git -C "$1" cat-file -e "$2:$file" 2>/dev/null; then
			mkdir -p "$(dirname "$3/$file")"
			git -C "$1" show "$2:$file" >"$3/$file"
		fi
	done
}
