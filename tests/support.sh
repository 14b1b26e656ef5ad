# What test-*.sh share: sourced from the top folder. BUILD: where the programs are.
: "${BUILD:=build}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
gonogo=$BUILD/gonogo

fail() {
	echo "FAIL: $*"
	failed=1
}
