import Media

extension Settings {
  /// The files RTMPS is served with; nil when none are named.
  var tls: TLSFiles? {
    let files = TLSFiles(certificatePath: text("rtmps.certificate"), keyPath: text("rtmps.key"))
    return files.certificatePath.isEmpty ? nil : files
  }

  /// What is wrong with the certificates or the key, and where it was said.
  static func tlsProblem(_ values: [String: String], _ sources: [String: String]) -> ConfigurationProblem? {
    let certificate = values["rtmps.certificate"] ?? ""
    let key = values["rtmps.key"] ?? ""
    func problem(_ setting: String, _ why: String) -> ConfigurationProblem {
      ConfigurationProblem(source: sources[setting] ?? setting, why: "“\(setting)”: \(why)")
    }
    let authorities = values["simulcast.authorities"] ?? ""
    if !authorities.isEmpty {
      do throws(TLSFault) { try TLSFiles.checkAuthorities(authorities) } catch {
        return problem("simulcast.authorities", error.description)
      }
    }
    if certificate.isEmpty, key.isEmpty { return nil }
    if certificate.isEmpty { return problem("rtmps.key", "there is no rtmps.certificate that belongs to it") }
    if key.isEmpty { return problem("rtmps.certificate", "there is no rtmps.key that belongs to it") }
    do throws(TLSFault) {
      try TLSFiles(certificatePath: certificate, keyPath: key).check()
      return nil
    } catch {
      return problem(error.path == certificate ? "rtmps.certificate" : "rtmps.key", error.description)
    }
  }
}
