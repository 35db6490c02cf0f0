# Functions that see to it that the Debian packages of tools/packages.txt are there. To be sourced
# with $root set to the top of the checkout.

# packages_missing KIND...: prints "package why" for each package of those kinds not installed. A
# program of the package's name will do, wherever it comes from (another node brings its own npm,
# beside which Debian's cannot be installed).
packages_missing() {
    local kinds=" $* " name kind why
    while read -r name kind why; do
        case "$kinds" in *" $kind "*) ;; *) continue ;; esac
        case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" in
        ii*) ;;
        *) command -v "$name" >/dev/null || printf '%-20s %s\n' "$name" "$why" ;;
        esac
    done < <(grep -v '^#' "$root/tools/packages.txt")
}

# packages_install INSTALL KIND...: installs what is missing; with INSTALL=no only says so. Makes no
# call to the network when nothing is missing.
packages_install() {
    local install=$1 missing names sudo=
    shift
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian system: the packages of tools/packages.txt are taken to be there." >&2
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    names=$(awk '{print $1}' <<<"$missing" | xargs)
    [ "$(id -u)" = 0 ] || sudo=sudo
    printf 'fettle needs these Debian packages, which are not installed:\n%s\n' "$missing" >&2
    if [ "$install" = no ]; then
        printf 'Install them with: %s\n' "${sudo:+$sudo }apt-get install $names" >&2
        return 1
    fi
    if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
        printf 'There is no sudo here; as root, run: apt-get install %s\n' "$names" >&2
        return 1
    fi
    printf 'Installing them with %s\n' "${sudo:+$sudo }apt-get (--no-install leaves that to you)." >&2
    # shellcheck disable=SC2086  # the names are meant to be split
    if ! { $sudo apt-get -qq update &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
            $names; } >&2; then
        echo "The packages could not be installed; the lines above say why." >&2
        return 1
    fi
}
