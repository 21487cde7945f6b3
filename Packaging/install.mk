# SPDX-License-Identifier: Apache-2.0
# Installing. LIBDIR, INCLUDEDIR, BINDIR and DOCDIR may be relative to PREFIX: LIBDIR=lib/x86_64-linux-gnu. DESTDIR
# stands before all of them and is written into no file. What is installed is built before, by whoever has Swift.

PREFIX ?= /usr/local
LIBDIR ?= lib
INCLUDEDIR ?= include
BINDIR ?= bin
DOCDIR ?= share/doc/valuation
DESTDIR ?=
override PREFIX := $(abspath $(PREFIX))
below_prefix = $(if $(filter /%,$(1)),$(1),$(PREFIX)/$(1))
override LIBDIR := $(call below_prefix,$(LIBDIR))
override INCLUDEDIR := $(call below_prefix,$(INCLUDEDIR))
override BINDIR := $(call below_prefix,$(BINDIR))
override DOCDIR := $(call below_prefix,$(DOCDIR))
CMAKEDIR := $(LIBDIR)/cmake/valuation
PKGCONFIGDIR := $(LIBDIR)/pkgconfig
DEBUGDIR := $(LIBDIR)/.debug

# Packagers whose tools split debugging symbols off install the library with them: INSTALLED_LIBRARY='$(UNSTRIPPED)'.
INSTALLED_LIBRARY ?= $(LIBRARY)
# Where the command looks for the library before the loader does; empty leaves that to the loader.
RUNPATH ?= $$ORIGIN/$(shell realpath -ms --relative-to=$(BINDIR) $(LIBDIR))
LICENSES := LICENSE $(wildcard bindings/python/licenses/*.txt)

relative_to_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))
# Writes a file of this folder into another, with the values of this installation in it.
fill = echo 'Packaging/$(1).in -> $(DESTDIR)$(2)/$(1)' && sed \
	-e 's|@PREFIX@|$(PREFIX)|' \
	-e 's|@LIBDIR@|$(call relative_to_prefix,$(LIBDIR))|' \
	-e 's|@INCLUDEDIR@|$(call relative_to_prefix,$(INCLUDEDIR))|' \
	-e 's|@HEADERS_FROM_HERE@|$(shell realpath -ms --relative-to=$(2) $(INCLUDEDIR))|' \
	-e 's|@VERSION@|$(VERSION)|' \
	-e 's|@ABI@|$(ABI)|' \
	-e 's|@NEEDS@|$(ARCHIVE_NEEDS)|' \
	-e 's|@NEEDED_LIBRARIES@|$(ARCHIVE_NEEDS:%=-l%)|' \
	Packaging/$(1).in > $(DESTDIR)$(2)/$(1) && chmod 644 $(DESTDIR)$(2)/$(1)

.PHONY: install install-command install-debug uninstall
install: library ## Put library, headers, pkg-config and CMake files under PREFIX (default /usr/local)
	install -d $(addprefix $(DESTDIR),$(LIBDIR) $(PKGCONFIGDIR) $(CMAKEDIR) $(INCLUDEDIR) $(DOCDIR))
	install -m 755 $(INSTALLED_LIBRARY) $(DESTDIR)$(LIBDIR)/libvaluation.so.$(VERSION)
	ln -sf libvaluation.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libvaluation.so.$(ABI)
	ln -sf libvaluation.so.$(ABI) $(DESTDIR)$(LIBDIR)/libvaluation.so
	install -m 644 $(ARCHIVE) $(DESTDIR)$(LIBDIR)/
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 $(LICENSES) $(DESTDIR)$(DOCDIR)/
	@$(call fill,valuation.pc,$(PKGCONFIGDIR))
	@$(call fill,valuation-config.cmake,$(CMAKEDIR))
	@$(call fill,valuation-config-version.cmake,$(CMAKEDIR))
	@echo "Installed in $(DESTDIR)$(LIBDIR). Run ldconfig, or link with -Wl,-rpath,$(LIBDIR)."

install-command: build/bin/valuation ## Put the command there, too; it looks for the library in LIBDIR
	install -d $(DESTDIR)$(BINDIR)
	install -m 755 build/bin/valuation $(DESTDIR)$(BINDIR)/
ifneq ($(RUNPATH),$$ORIGIN/../lib)
	@Scripts/requirements.sh patchelf
	patchelf $(if $(RUNPATH),--set-rpath '$(RUNPATH)',--remove-rpath) $(DESTDIR)$(BINDIR)/valuation
endif

install-debug: $(DEBUG_FILE) ## Put debugging symbols beside the library, in .debug/, where gdb looks for them
	install -d $(DESTDIR)$(DEBUGDIR)
	install -m 644 $(DEBUG_FILE) $(DESTDIR)$(DEBUGDIR)/

INSTALLED := $(addprefix $(LIBDIR)/,libvaluation.so.$(VERSION) libvaluation.so.$(ABI) libvaluation.so $(notdir $(ARCHIVE))) \
	$(addprefix $(INCLUDEDIR)/,$(notdir $(HEADERS))) $(addprefix $(DOCDIR)/,$(notdir $(LICENSES))) \
	$(PKGCONFIGDIR)/valuation.pc $(addprefix $(CMAKEDIR)/,valuation-config.cmake valuation-config-version.cmake) \
	$(BINDIR)/valuation $(DEBUGDIR)/$(notdir $(DEBUG_FILE))

uninstall: ## Remove what the three have put there
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	@for directory in $(addprefix $(DESTDIR),$(CMAKEDIR) $(DEBUGDIR) $(DOCDIR)); do \
		[ ! -d $$directory ] || rmdir --ignore-fail-on-non-empty $$directory; done
