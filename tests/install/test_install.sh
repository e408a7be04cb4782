#!/bin/sh
# Installs into an empty folder and builds a program against what lies there: with the shared
# library, with the static one, and through CMake. Then looks at what the libraries show.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
prefix=/opt/tacit
export DESTDIR="$root"
cmake --install "$TACIT_BUILD" --prefix $prefix >"$root/log"
unset DESTDIR
at=$root$prefix

expect() {
    [ -e "$at/$1" ] || {
        echo "not installed: $1"
        find "$at" -type f
        exit 1
    }
}
for file in bin/tacit include/tacit.h lib/libtacit.so lib/libtacit.so.0 lib/libtacit.a \
    lib/pkgconfig/tacit.pc lib/cmake/tacit/tacit-config.cmake share/man/man1/tacit.1 \
    share/bash-completion/completions/tacit; do
    expect "$file"
done
"$at/bin/tacit" --version | grep -q "^tacit [0-9]*\.[0-9]*\.[0-9]*$"

# Paths in tacit.pc follow the file, so that pkg-config needs no sysroot for this.
export PKG_CONFIG_PATH="$at/lib/pkgconfig"
[ "$(pkg-config --modversion tacit)" = "$("$at/bin/tacit" --version | cut -d ' ' -f 2)" ]
cc=${CC:-cc}
flags='-std=c11 -Wall -Wextra -Werror -pedantic'
# shellcheck disable=SC2046,SC2086 # flags are words
$cc $flags tests/install/program.c -o "$root/shared" $(pkg-config --cflags --libs tacit)
LD_LIBRARY_PATH="$at/lib" "$root/shared" | grep no-such-directory
readelf -d "$root/shared" | grep -q 'NEEDED.*libtacit\.so\.0'
if readelf -d "$root/shared" | grep 'NEEDED.*jansson'; then
    echo "a program over the shared library must not need its libraries"
    exit 1
fi

# shellcheck disable=SC2046,SC2086
$cc $flags -static tests/install/program.c -o "$root/static" $(pkg-config --static --cflags --libs tacit)
"$root/static" | grep no-such-directory

mkdir "$root/project"
cat >"$root/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(uses_tacit C)
find_package(tacit 0.1 REQUIRED)
add_executable(program $PWD/tests/install/program.c)
target_link_libraries(program tacit::tacit)
END
cmake -S "$root/project" -B "$root/project/build" -DCMAKE_PREFIX_PATH="$at" \
    -DCMAKE_C_COMPILER="$cc" >"$root/log"
cmake --build "$root/project/build" >"$root/log"
"$root/project/build/program" | grep no-such-directory

# C++ programs include the header too.
if command -v g++ >/dev/null; then
    echo '#include <tacit.h>' | g++ -x c++ -std=c++11 -Wall -Wextra -Werror -pedantic -fsyntax-only \
        -I"$at/include" -
fi

shows() {
    if nm "$@" | awk '$2 ~ /[A-Z]/ && $2 != "U" && $2 != "w" { print $3 }' |
        grep -vE '^tacit_|^TACIT_0$'; then
        echo "shown beside tacit_*: nm $*"
        exit 1
    fi
}
shows -D --defined-only "$at/lib/libtacit.so"
shows --defined-only "$at/lib/libtacit.a"

# What the header declares is there, and nothing more.
grep -o 'TACIT_API [^(]*' include/tacit.h | grep -o 'tacit_[a-z0-9_]*$' | sort >"$root/declared"
nm -D --defined-only "$at/lib/libtacit.so" | awk '$2 == "T" { print $3 }' | sed 's/@.*//' |
    sort >"$root/defined"
diff "$root/declared" "$root/defined"
