# shellcheck shell=bash disable=SC2016
# Sourced by scripts that fetch what the machine's own apt sources do not name: from
# other suites of the same mirror, through lists of our own. Nothing on the machine
# changes. Usage: . mk/lib.sh; . mk/apt.sh; apt_lists NAME LINE...; apt-get "${apt[@]}" ...

mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' | sort -u | head -n 1
}

# apt_lists NAME TYPE SUITE...: fetch the lists of these suites into build/NAME; TYPE is
# deb or deb-src. Leaves apt's options for them in the array apt.
apt_lists() {
	local private=$BUILD/$1 type=$2 suite uri signed=''
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	shift 2
	uri=$(mirror)
	if [ -z "$uri" ]; then
		mk/as-root apt-get -q update
		uri=$(mirror)
	fi
	[ -n "$uri" ] || { echo "apt knows no Debian mirror"; return 1; }
	[ ! -f "$keyring" ] || signed="[signed-by=$keyring] "
	mkdir -p "$private/cache/archives/partial"
	for suite; do
		echo "$type $signed$uri $suite main"
	done >"$private/sources.new"
	# Lists of other suites are of no use
	cmp -s "$private/sources.new" "$private/sources.list" || rm -rf "$private/lists"
	mv "$private/sources.new" "$private/sources.list"
	mkdir -p "$private/lists/partial"
	apt=(-q -o Dir::Etc::sourcelist="$private/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::State::lists="$private/lists" -o Dir::Cache="$private/cache"
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
		-o APT::Sandbox::User="$(id -un)" -o APT::Default-Release=)
	# Lists of today will do
	[ -z "$(find "$private/lists" -maxdepth 1 -name '*_main_*' -mtime -1)" ] || return 0
	# A frozen mirror's lists are signed, but past their date: old is as good here
	apt-get "${apt[@]}" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false update
}
