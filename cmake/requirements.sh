# What the project needs of Debian 12, why, and how it gets there. For bash; sourced by ./run and ./test.
#
#   require build tests   looks for everything in these lists; installs what is missing, and says what and why

# How to see that it is there | the package that brings it | what for
wf_needs_build='
command cc          | gcc            | compiles
header stdio.h      | libc6-dev      | the C library to compile against
command cmake       | cmake          | configures the build
command ninja       | ninja-build    | runs the build
command pkg-config  | pkg-config     | finds the libraries
module libuv        | libuv1-dev     | the event loop of the daemon
module msgpack      | libmsgpack-dev | the wire format
module lmdb         | liblmdb-dev    | the store
module liblz4       | liblz4-dev     | compressed texts
module libzstd      | libzstd-dev    | compressed texts and input
module libxxhash    | libxxhash-dev  | hashes
module libutf8proc  | libutf8proc-dev | what characters are alike
module openssl      | libssl-dev     | TLS
module inih         | libinih-dev    | the settings file
module jansson      | libjansson-dev | JSON of the command
module zlib         | zlib1g-dev     | compressed input'
wf_needs_tests='
module cmocka       | libcmocka-dev  | the unit tests
command python3     | python3        | the contract tests
python msgpack      | python3-msgpack | the contract tests speak to the daemon with it
python pynvim       | python3-pynvim | a MessagePack-RPC client that others wrote
command zstd        | zstd           | compressed input of the tests
command openssl     | openssl        | certificates of the tests'
wf_needs_valgrind='
command valgrind    | valgrind       | memory that is used before it is set'
wf_needs_node='
command node        | nodejs         | clients in JavaScript that others wrote
command npm         | npm            | fetches them'

wf_is_there() # KIND NAME
{
	case $1 in
	command) command -v "$2" >/dev/null ;;
	header) echo "#include <$2>" | cc -E - >/dev/null 2>&1 ;;
	module) pkg-config --exists "$2" 2>/dev/null ;;
	python) /usr/bin/python3 -c "import $2" >/dev/null 2>&1 ;;
	esac
}

# Runs a command as root; where that needs a password and nobody can type one, it fails.
wf_as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

wf_install() # PACKAGE ...
{
	local log
	log=$(mktemp) || return 1
	# Package lists may be absent or stale; a first try without fetching them spares their time.
	if ! wf_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		-o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null; then
		wf_as_root apt-get update >>"$log" 2>&1 </dev/null
		if ! wf_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			-o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1 </dev/null; then
			tail -n 20 "$log" >&2
			rm -f "$log"
			return 1
		fi
	fi
	rm -f "$log"
}

require() # LIST ...
{
	local list name kind what package why
	local -a packages=()

	for name in "$@"; do
		list=wf_needs_$name
		while IFS='|' read -r what package why; do
			[ -n "$what" ] || continue
			read -r kind what <<<"$what"
			package=${package// /}
			if ! wf_is_there "$kind" "$what"; then
				[ ${#packages[@]} -gt 0 ] || echo "Missing, to be installed by apt:"
				printf '  %-16s %s\n' "$package" "${why# }"
				packages+=("$package")
			fi
		done <<<"${!list}"
	done
	[ ${#packages[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "There is no apt-get here: please install them by the means of this system." >&2
		return 1
	fi
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		echo "As root, please: apt-get install --no-install-recommends ${packages[*]}" >&2
		return 1
	fi
	if ! wf_install "${packages[@]}"; then
		echo "They could not be installed: apt-get install --no-install-recommends ${packages[*]}" >&2
		return 1
	fi
	echo "Installed ${#packages[@]} package(s)."
}

# Configures and builds a preset, quietly; the log is shown when it fails.
build() # PRESET [OPTION OF CMAKE ...]
{
	local log=build/$1/build.log
	mkdir -p "build/$1"
	echo "Building (preset $1, log in $log) ..."
	if ! { cmake --preset "$@" && cmake --build --preset "$1"; } >"$log" 2>&1 </dev/null; then
		tail -n 60 "$log" >&2
		echo "The build failed; all of its output is in $log" >&2
		return 1
	fi
}
