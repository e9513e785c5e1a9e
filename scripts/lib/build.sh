# Sourced by the scripts that build, from the project's root: lets ccache find what another clone of the
# project on this machine has compiled.
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
