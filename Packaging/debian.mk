# SPDX-License-Identifier: Apache-2.0
# Debian packages, made of what `make build` has left by debhelper, which runs debian/rules in a copy of this folder.

DEB_FOLDER := build/deb/valuation-$(VERSION)

.PHONY: deb deb-requirements
deb-requirements: requirements
	@Scripts/requirements.sh debhelper lintian patchelf

deb: deb-requirements build ## Build the Debian packages in build/deb
	rm -rf build/deb
	mkdir -p $(DEB_FOLDER)
	cp -R Packaging/debian $(DEB_FOLDER)/
	cd $(DEB_FOLDER) && SOURCE=$(CURDIR) dpkg-buildpackage --build=binary --no-sign
	rm -r $(DEB_FOLDER)
	lintian --fail-on error build/deb/*.changes
	@ls build/deb/*.deb
