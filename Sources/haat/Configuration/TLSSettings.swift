import Media

extension Settings {
  /// The files that `rtmps` or `https` is served with; nil when none are named.
  func tls(_ service: String) -> TLSFiles? {
    let files = TLSFiles(certificatePath: text("\(service).certificate"), keyPath: text("\(service).key"))
    return files.certificatePath.isEmpty ? nil : files
  }

  /// What is wrong with the certificates or the key, and where it was said.
  static func tlsProblem(_ values: [String: String], _ sources: [String: String]) -> ConfigurationProblem? {
    func problem(_ setting: String, _ why: String) -> ConfigurationProblem {
      ConfigurationProblem(source: sources[setting] ?? setting, why: "“\(setting)”: \(why)")
    }
    let authorities = values["simulcast.authorities"] ?? ""
    if !authorities.isEmpty {
      do throws(TLSFault) { try TLSFiles.checkAuthorities(authorities) } catch {
        return problem("simulcast.authorities", error.description)
      }
    }
    for service in ["https", "rtmps"] {
      let certificate = values["\(service).certificate"] ?? ""
      let key = values["\(service).key"] ?? ""
      if certificate.isEmpty, key.isEmpty { continue }
      if certificate.isEmpty {
        return problem("\(service).key", "there is no \(service).certificate that belongs to it")
      }
      if key.isEmpty { return problem("\(service).certificate", "there is no \(service).key that belongs to it") }
      do throws(TLSFault) {
        try TLSFiles(certificatePath: certificate, keyPath: key).check()
      } catch {
        return problem("\(service)." + (error.path == certificate ? "certificate" : "key"), error.description)
      }
    }
    return nil
  }
}
