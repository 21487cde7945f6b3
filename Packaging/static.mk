# SPDX-License-Identifier: Apache-2.0
# The static library: one object with the core, jansson, zlib and what the compilers call, in which nothing but the
# functions of the shared library has a name. So a host may link another jansson, or anything else of these names.

# What a host links with it: valuation.pc and valuation-config.cmake say so.
ARCHIVE_NEEDS := $(if $(filter 1,$(VALUATION_SHARED)),jansson z m,m)
ARCHIVE_CONTAINS := $(if $(filter 1,$(VALUATION_SHARED)),,-l:libjansson.a -l:libz.a) -lgcc
OBJECTS := .build-library/release/valuation.product/Objects.LinkFileList
# Notes of the compilers to themselves.
NOTES := .comment .llvm_addrsig .swift_modhash .swift1_autolink_entries .linker-options

# Group allocation: otherwise a host written in Swift could merge its own copies of functions with these.
$(ARCHIVE): $(LIBRARY) Packaging/static.mk
	@echo "==> Making libvaluation.a"
	mkdir -p build/static
	nm --dynamic --defined-only --format=posix $(LIBRARY) | cut -d ' ' -f 1 > build/static/names
	sed 's/^/-u /' build/static/names > build/static/roots
	$(CC) -r -nostdlib -Wl,--force-group-allocation,--gc-sections -o build/static/all.o @build/static/roots @$(OBJECTS) \
		$(ARCHIVE_CONTAINS)
	objcopy --keep-global-symbols=build/static/names --strip-unneeded $(addprefix --remove-section=,$(NOTES)) \
		build/static/all.o build/static/valuation.o
	rm -f $@
	ar rcsD $@ build/static/valuation.o
