#!/bin/sh
# Installs the programs that tests talk to: install.sh [NAME...]. What is there already is kept. Versions are pinned; docs/adapters.md says what each is for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case "${GAS_PEERS:-require}" in
	require) dir="${XDG_CACHE_HOME:-$HOME/.cache}/gas-peers" ;;
	*) dir=$GAS_PEERS ;;
esac
case "${GAS_SHARED:-require}" in
	require) shared="$here/../../../shared" ;;
	*) shared=$GAS_SHARED ;;
esac
mkdir -p "$dir/bin"

# once NAME VERSION COMMAND...: runs the command unless this version was installed before.
once() {
	mark="$dir/$1.installed"
	wanted=$2
	[ -f "$mark" ] && [ "$(cat "$mark")" = "$wanted" ] && return 0
	echo "installing $1 ($wanted)" >&2
	shift 2
	"$@"
	echo "$wanted" >"$mark"
}

go_tool() {
	GOBIN="$dir/bin" CGO_ENABLED=0 "${GO:-go}" install "$1"
}

python_with() { # the newest interpreter of a version: of the system, or of pyenv
	for candidate in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python3; do
		if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import venv' >/dev/null 2>&1; then
			echo "$candidate"
			return
		fi
	done
	echo "python $1 with venv is missing" >&2
	return 1
}

venv() { # FOLDER PYTHON PIP-ARGUMENTS...
	folder="$dir/$1"
	rm -rf "$folder"
	"$2" -m venv "$folder"
	shift 2
	"$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
}

aws() {
	venv aws "$(python_with 3.11)" 'moto[server]==5.2.3' 'ministack==1.4.21'
}

localstack() {
	pins="$shared/aws/localstack-4.14.0.requirements.txt" # newer dependencies break it
	[ -f "$pins" ] || { echo "localstack is not installed: $pins is missing" >&2; return 1; }
	venv localstack "$(python_with 3.13)" -r "$pins"
}

npm_with() { # FOLDER PACKAGE...
	folder="$dir/$1"
	shift
	rm -rf "$folder"
	npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts "$@"
}

compose_spec() { # the program of the compose specification is called cmd
	go_tool github.com/compose-spec/compose-go/v2/cmd@v2.9.0
	mv "$dir/bin/cmd" "$dir/bin/compose-spec"
}

install_peer() {
	case "$1" in
		aws) once aws "moto 5.2.3, ministack 1.4.21" aws ;;
		localstack) once localstack "4.14.0" localstack ;;
		versitygw) once versitygw "v1.7.0" go_tool github.com/versity/versitygw/cmd/versitygw@v1.7.0 ;;
		oidc-provider) once oidc-provider "9.13.3" npm_with oidc-provider oidc-provider@9.13.3 ;;
		stripe-mock) once stripe-mock "v0.180.0" go_tool github.com/stripe/stripe-mock@v0.180.0 ;;
		cloudformation) once cloudformation "aws-service-spec 0.1.216" npm_with cloudformation @aws-cdk/aws-service-spec@0.1.216 ;;
		dockerfile) once dockerfile "dockerfile-utils 0.16.3" npm_with dockerfile dockerfile-utils@0.16.3 ;;
		compose-spec) once compose-spec "v2.9.0" compose_spec ;;
		schemathesis) once schemathesis "4.32.5, hypothesis 6.170.17" venv schemathesis "$(python_with 3.11)" schemathesis==4.32.5 hypothesis==6.170.17 ;;
		*) echo "no peer is called $1" >&2; exit 2 ;;
	esac
}

[ $# -gt 0 ] || set -- aws versitygw stripe-mock oidc-provider localstack cloudformation dockerfile compose-spec schemathesis
for peer in "$@"; do
	install_peer "$peer"
done
