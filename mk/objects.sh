# shellcheck shell=bash
# The objects that the overlay touches, in configurations of their own. Sourced after
# mk/lib.sh by mk/check and mk/configs.

# shellcheck disable=SC2034 # for who sources this
mapfile -t new < <(new_files)
mapfile -t patched < <(patched_files)
mapfile -t objects < <(printf '%s\n' "${new[@]}" "${patched[@]}" |
	sed -n 's/\.c$/.o/p' | grep -vE '^tools/|/tests/|^security/selinux/' | sort)

# The two trees' names must not make a difference in size, through __FILE__
km() {
	kmake ${kconfig:+KBUILD_KCONFIG="$kconfig"} \
		KCFLAGS="-fmacro-prefix-map=../$(basename "$TREE")/=" "$@"
}

# config NAME TREE LINE...: configure build/check-BASE-NAME for TREE, with these options changed
config() {
	OUT=$BUILD/check-$BASE-$1 TREE=$2
	mkdir -p "$OUT"
	shift 2
	printf '%s\n' CONFIG_SECURITY_SELINUX=y "$@" | tac - "${fragment:-vm/um.config}" |
		cat - <(tac vm/common.config) | grep '^CONFIG_' | awk -F= '!seen[$1]++' >"$OUT/wanted.config"
	km allnoconfig KCONFIG_ALLCONFIG="$OUT/wanted.config"
	km prepare
}

# kconfig_without_auditsyscall DIR: no architecture lets AUDITSYSCALL be switched off. Copy
# the files that have what selects it, without that, to DIR; prints what KBUILD_KCONFIG is to be.
kconfig_without_auditsyscall() {
	local f
	for f in Kconfig init/Kconfig arch/Kconfig arch/um/Kconfig; do
		mkdir -p "$1/$(dirname "$f")"
		sed -E "/select HAVE_ARCH_AUDITSYSCALL/d
			s#^source \"((init|arch|arch/\\$\(SRCARCH\))/Kconfig)\"#source \"$1/\1\"#" \
			"$TREE/$f" >"$1/$f"
	done
	echo "$1/Kconfig"
}

# enabled OBJECT...: those of them that the configuration in $OUT builds from $TREE
enabled() {
	local o option
	for o; do
		[ -e "$TREE/${o%.o}.c" ] || continue
		option=$(grep -sE "^[a-z-]+\\\$\(CONFIG_\w+\).*\b$(basename "$o")\b" \
			"$TREE/$(dirname "$o")/Makefile" | sed -E 's/.*\((CONFIG_\w+)\).*/\1/;q') || true
		[ -z "$option" ] || grep -q "^$option=y" "$OUT/.config" || continue
		echo "$o"
	done
}

# build ARGS...: the touched objects
build() {
	local list
	mapfile -t list < <(enabled "${objects[@]}")
	[ ${#list[@]} -gt 0 ] || die "no object to build"
	rm -f "${list[@]/#/$OUT/}"
	km "$@" "${list[@]}"
}
