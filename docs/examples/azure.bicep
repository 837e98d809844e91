// The identity as which syncer signs in to Azure, its federated credential, and its roles. Deploy it to the resource group
// of the cluster: az deployment group create -g GROUP -f azure.bicep -p cluster=NAME
param cluster string
param location string = resourceGroup().location

resource aks 'Microsoft.ContainerService/managedClusters@2025-05-01' existing = { name: cluster }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'syncer'
  location: location
  resource federated 'federatedIdentityCredentials' = {
    name: 'syncer'
    properties: {
      issuer: aks.properties.oidcIssuerProfile.issuerURL
      subject: 'system:serviceaccount:syncer:syncer'
      audiences: ['api://AzureADTokenExchange']
    }
  }
}

resource pools 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'syncer agent pools')
  properties: {
    roleName: 'syncer agent pools'
    description: 'Keep the agent pools of one AKS cluster'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.ContainerService/managedClusters/agentPools/read'
          'Microsoft.ContainerService/managedClusters/agentPools/write'
          'Microsoft.ContainerService/managedClusters/agentPools/delete'
          'Microsoft.ContainerService/managedClusters/agentPools/deleteMachines/action'
          'Microsoft.ContainerService/managedClusters/agentPools/abort/action'
        ]
      }
    ]
  }
}

resource keepPools 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(aks.id, identity.id, pools.id)
  scope: aks
  properties: {
    roleDefinitionId: pools.id
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

module quota 'azure-subscription.bicep' = {
  name: 'syncer-sizes-and-quota'
  scope: subscription()
  params: { principalId: identity.properties.principalId }
}

output clientID string = identity.properties.clientId
